"""Names the language of a sentence that is not English, from its script, its letters or its commonest words. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from vla_ros.language.english import word_set

_COMMON = {
    "German": "der die das und ist mir bitte den dem ein eine einen auf zum zur gehe geh hole bringe nach nicht mit "
    "rote roten küche tasse bringen kannst du ich stell stelle nimm von aus wo mein meine dich mich sie "
    "wir ihr im ins möchte für dein deine wohnzimmer flasche tisch buch gib folge was wer wie auch noch "
    "schlafzimmer mache mach zu",
    "French": "le la les et est moi une un des dans sur avec pour va apporte tasse rouge cuisine allez prends mets "
    "vous il de la je tu te mon ma mes ton ta où qui que quoi dis suis salon livre bouteille voudrais "
    "peux veux plaît du au",
    "Spanish": "el los las y es por favor una un en con para ve trae tráeme taza roja cocina coge pon lleva ir la de "
    "dónde está mi mis puedes quiero sígueme libro botella mesa al del traer qué quién cómo ven dame "
    "habitación",
    "Italian": "il lo gli e per una un nella con vai porta portami tazza rossa cucina prendi metti della la di "
    "favore in puoi portarmi mia mio vorrei dove sul nel seguimi libro bottiglia tavolo che chi come "
    "voglio dammi camera",
    "Portuguese": "o os as e por uma um na no com para vá traga xícara vermelha cozinha pegue coloque da do favor você "
    "pode me trazer onde está minha meu eu quero siga até sala livro garrafa mesa que quem como quarto",
    "Dutch": "de het een en naar met breng mij rode kopje keuken ga pak zet alstublieft alsjeblieft op van niet "
    "kun je waar is mijn wil graag volg boek fles tafel bord ik jij wat wie hoe woonkamer brengen dit dat "
    "voor bij",
    "Polish": "proszę do na przynieś mi kubek czerwony kuchni idź weź i z czy możesz gdzie jest moja mój chciałbym "
    "za mną stole książkę postaw nie to co kto jak pokoju",
    "Swedish": "gå till och är jag du mig min mitt var den det ett en på kan vill ha ställ följ köket tack boken "
    "inte med från ge hämta bordet koppen snälla vem vad hur sovrummet",
    "Danish": "gå til ud og er jeg du mig min mit hvor den det et en på kan vil gerne have stil følg køkkenet tak "
    "bog ikke med fra giv hent bordet koppen i hvem hvad hvordan",
    "Norwegian": "gå til og er jeg du meg min mitt hvor den det et en på kan vil ha sett følg kjøkkenet takk boken "
    "ikke med fra gi hent bordet koppen snill hvem hva hvordan flasken",
    "Finnish": "mene minulle minun on ja voitko tuoda missä laita haluan keittiöön kiitos ota vie anna tule pöydälle "
    "kirja kirjan kupin ole hyvä mikä kuka",
    "Czech": "jdi prosím do na mi je moje můj kde můžeš přinést polož stůl chtěl bych kuchyně knihu kávu a ne co "
    "kdo jak vezmi přines dej hrnek",
    "Hungarian": "a az menj kérlek hol van tedd kérek egy hozd ide konyhába hozz asztalra és nem mi ki tudnád vidd "
    "piros csészét könyvet kék",
    "Turkish": "lütfen git bana bir nerede getir misin koy istiyorum mutfağa masaya kitabı ve değil ne kim nasıl al "
    "ver kırmızı mavi şişem",
    "Romanian": "în și este te rog unde mea meu pune vreau o un pe poți să mi aduci du masă bucătărie cartea nu ce "
    "cine cum ia adu dă",
    "Vietnamese": "hãy vào cho tôi của không ở đâu bạn có thể lấy đặt lên cái bàn là và đi mang nhà bếp một",
    "Indonesian": "tolong pergi ke saya di mana kamu atas buku meja mau bisakah letakkan ambil dan tidak ini itu yang "
    "bawa dapur biru merah botol",
}
_WORDS = {name: frozenset(text.split()) for name, text in _COMMON.items()}
_ENGLISH_TOO = word_set(
    "la do in on as an de me is was e o y i en a el so to pan no men die mine ten have et rot at be it van den man te "
    "un per come up am of us we he ha box list list's war mir mit von kin sett du mi al git ve na co dit dat met pod ne"
)
_LETTERS = {
    "ß": "German", "ñ": "Spanish", "¿": "Spanish", "¡": "Spanish", "ã": "Portuguese", "õ": "Portuguese",
    "ł": "Polish", "ż": "Polish", "ś": "Polish", "ź": "Polish", "ć": "Polish", "ę": "Polish", "ą": "Polish",
    "ř": "Czech", "ů": "Czech", "ě": "Czech", "ő": "Hungarian", "ű": "Hungarian", "ğ": "Turkish", "ı": "Turkish",
    "ş": "Turkish", "ș": "Romanian", "ț": "Romanian", "ă": "Romanian", "đ": "Vietnamese", "ơ": "Vietnamese",
    "ư": "Vietnamese", "ạ": "Vietnamese", "ế": "Vietnamese", "å": "Swedish", "ø": "Danish", "œ": "French",
}  # fmt: skip
"""Letters that hardly any other language has."""
_SCRIPTS = {
    "CYRILLIC": "Russian or another language in Cyrillic letters", "CJK": "Chinese or Japanese",
    "HIRAGANA": "Japanese", "KATAKANA": "Japanese",
    "HANGUL": "Korean", "ARABIC": "Arabic", "HEBREW": "Hebrew", "GREEK": "Greek", "DEVANAGARI": "Hindi", "THAI": "Thai",
    "BENGALI": "Bengali", "TAMIL": "Tamil", "TELUGU": "Telugu", "GEORGIAN": "Georgian", "ARMENIAN": "Armenian",
    "GUJARATI": "Gujarati", "KANNADA": "Kannada", "MALAYALAM": "Malayalam", "KHMER": "Khmer", "LAO": "Lao",
    "MYANMAR": "Burmese", "ETHIOPIC": "Amharic", "SINHALA": "Sinhala", "GURMUKHI": "Punjabi", "TIBETAN": "Tibetan",
}  # fmt: skip


def foreign_language(words: Sequence[str], known: Sequence[bool]) -> str:
    """The language's name when the sentence is clearly not English, "" otherwise.

    Args:
        words: lower-case words.
        known: for each word, whether the lexicon has it.
    """
    letters = [c for word in words for c in word if c.isalpha()]
    if not letters:
        return ""
    scripts = [unicodedata.name(c, "").split(" ")[0] for c in letters]
    if (scripts.count("HIRAGANA") + scripts.count("KATAKANA")) * 8 > len(scripts):
        return "Japanese"
    for script, name in _SCRIPTS.items():
        if scripts.count(script) * 2 > len(scripts):
            return name
    plain = [w for w in words if w.isalpha()]
    unknown = sum(1 for w, k in zip(words, known) if not k and w.isalpha())
    if unknown * 2 < len(plain) - 1 or not unknown:
        return ""
    best, name = 0.0, ""
    for language, common in _WORDS.items():
        hits = sum(0.3 if w in _ENGLISH_TOO else 1.0 for w in plain if w in common)
        hits += sum(0.7 for c in letters if _LETTERS.get(c) == language)
        if hits > best + 1e-9:
            best, name = hits, language
    return name if best >= 1.6 or (best >= 0.7 and unknown * 4 >= 3 * len(plain)) else ""
