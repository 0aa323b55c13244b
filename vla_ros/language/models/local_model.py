"""A local transformers model as language model: decoding is held to the Task schema token by token.

torch, transformers and lm-format-enforcer are imported when this back end is chosen (pip extra ``llm``).
"""

from __future__ import annotations

import time
from typing import Any

from vla_ros.core.errors import ConfigError, MissingExtraError
from vla_ros.language.models.endpoint import NoAnswerError
from vla_ros.language.models.schema import task_schema

_MAX_NEW_TOKENS = 1024


class LocalModel:
    """A causal language model from a local folder (or the model hub, where the machine may reach it).

    Args:
        name: folder or hub name of a model whose tokenizer has a chat template.

    Raises MissingExtraError without the packages, ConfigError when the model cannot be loaded.
    """

    def __init__(self, name: str) -> None:
        try:
            import torch
            from lmformatenforcer import TokenEnforcerTokenizerData
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError as error:
            raise MissingExtraError(
                f"The transformers back end ({error.name})", "Install it: pip install 'vla_ros[llm]'."
            ) from None
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(name)
            self._model: Any = AutoModelForCausalLM.from_pretrained(name)
        except (OSError, ValueError) as error:
            raise ConfigError("language_node.model", name, f"Give a folder with a model: {error}") from None
        self._torch: Any = torch
        self._model.eval()
        vocabulary = len(self._tokenizer)
        self._tokens = TokenEnforcerTokenizerData(
            _written(self._tokenizer, vocabulary), self._decoded, self._tokenizer.eos_token_id, False, vocabulary
        )

    def complete(self, system: str, user: str, timeout_s: float) -> str:
        """JSON by the schema, decoded greedily. Raises NoAnswerError when it is not whole in time."""
        from lmformatenforcer import JsonSchemaParser, TokenEnforcer

        enforcer = TokenEnforcer(self._tokens, JsonSchemaParser(task_schema()))  # remembers every prefix: one a call
        end = time.monotonic() + timeout_s
        inputs = self._tokenizer(self._prompt(system, user), return_tensors="pt", add_special_tokens=False)
        with self._torch.inference_mode():
            out = self._model.generate(
                **inputs,
                max_new_tokens=_MAX_NEW_TOKENS,
                max_time=timeout_s,
                do_sample=False,
                prefix_allowed_tokens_fn=lambda _, ids: enforcer.get_allowed_tokens(ids.tolist()).allowed_tokens,
                pad_token_id=self._tokenizer.eos_token_id,
            )
        if time.monotonic() >= end:
            raise NoAnswerError(f"The local language model needed more than {timeout_s:.1f} s.")
        return str(self._tokenizer.decode(out[0][inputs["input_ids"].shape[1] :], skip_special_tokens=True))

    def _decoded(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids)).rstrip("\ufffd")  # the half of a character at the end is not there yet

    def _prompt(self, system: str, user: str) -> str:
        if getattr(self._tokenizer, "chat_template", None):
            messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
            return str(self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
        return f"{system}\n\n{user}\n\n"


def _written(tokenizer: Any, vocabulary: int) -> list[tuple[int, str, bool]]:
    """(id, text, begins a word) of every plain token, as lm-format-enforcer wants them: decoded behind a "0", since
    many tokenizers drop the space before the first token. (Its own adapter does not import with transformers 5.)"""
    zero = tokenizer.encode("0", add_special_tokens=False)[-1]
    special = set(tokenizer.all_special_ids)
    written = []
    for token in range(vocabulary):
        if token not in special:
            after_zero = tokenizer.decode([zero, token])[1:]
            written.append((token, after_zero, len(after_zero) > len(tokenizer.decode([token]))))
    return written
