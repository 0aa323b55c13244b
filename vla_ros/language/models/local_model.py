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
            from lmformatenforcer import JsonSchemaParser
            from lmformatenforcer.integrations.transformers import build_transformers_prefix_allowed_tokens_fn
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
        self._allowed = build_transformers_prefix_allowed_tokens_fn(self._tokenizer, JsonSchemaParser(task_schema()))

    def complete(self, system: str, user: str, timeout_s: float) -> str:
        """JSON by the schema, decoded greedily. Raises NoAnswerError when it is not whole in time."""
        end = time.monotonic() + timeout_s
        inputs = self._tokenizer(self._prompt(system, user), return_tensors="pt", add_special_tokens=False)
        with self._torch.inference_mode():
            out = self._model.generate(
                **inputs,
                max_new_tokens=_MAX_NEW_TOKENS,
                max_time=timeout_s,
                do_sample=False,
                prefix_allowed_tokens_fn=self._allowed,
                pad_token_id=self._tokenizer.eos_token_id,
            )
        if time.monotonic() >= end:
            raise NoAnswerError(f"The local language model needed more than {timeout_s:.1f} s.")
        return str(self._tokenizer.decode(out[0][inputs["input_ids"].shape[1] :], skip_special_tokens=True))

    def _prompt(self, system: str, user: str) -> str:
        if getattr(self._tokenizer, "chat_template", None):
            messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
            return str(self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
        return f"{system}\n\n{user}\n\n"
