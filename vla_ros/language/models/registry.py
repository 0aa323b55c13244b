"""Language models by name; a back end's packages are imported when it is chosen."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from vla_ros.core.errors import ConfigError
from vla_ros.language.models.model_parser import LanguageModel, ModelParser
from vla_ros.language.params import LanguageParams
from vla_ros.language.parser import GrammarParser


def model_parser(
    params: LanguageParams, builtin: GrammarParser, environment: Mapping[str, str] = os.environ
) -> ModelParser | None:
    """The chosen second reader; None when ``params.back_end`` is "builtin". Raises ConfigError, MissingExtraError."""
    if params.back_end == "builtin":
        return None
    return ModelParser(
        builtin,
        _model(params, environment),
        timeout_s=params.model_timeout_s,
        attempts=params.model_attempts,
        below=params.model_below,
        trust=params.model_trust,
        clock=time.monotonic,
    )


def _model(params: LanguageParams, environment: Mapping[str, str]) -> LanguageModel:
    if params.back_end == "endpoint":
        from vla_ros.language.models.endpoint import Endpoint

        key = ""
        if params.model_key_variable:
            key = environment.get(params.model_key_variable, "")
            if not key:
                raise ConfigError(
                    "language_node.model_key_variable",
                    params.model_key_variable,
                    "Set this environment variable to the endpoint's key, or leave the parameter empty.",
                )
        return Endpoint(params.model_url, params.model, key)
    from vla_ros.language.models.local_model import LocalModel

    return LocalModel(params.model)
