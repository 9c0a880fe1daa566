"""Settings: read once, from ``NURTURE_*`` or a file, all mistakes told at once. No secret is ever printed."""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from agents.process.options import PREFIX, Secret, Settings, reference
from agents.process.safety import contradictions, dangers
from schemas.problem import UserError

__all__ = ["FILE", "Secret", "Settings", "SettingsError", "read_settings"]
FILE: Final = "NURTURE_SETTINGS"


class SettingsError(UserError):
    """Everything that is wrong with the settings, one sentence a line."""


def read_settings(env: Mapping[str, str]) -> Settings:
    """The settings of an environment and the file that it may name. Raises SettingsError with every mistake."""
    problems: list[str] = []
    given = _from_file(env, problems) | _from_environment(env, problems)
    values = _converted(given, problems)
    if problems:
        raise SettingsError("\n".join(problems))
    settings = Settings(**values)
    if wrong := [*contradictions(settings), *dangers(settings)]:
        raise SettingsError("\n".join(wrong))
    return settings


def _from_file(env: Mapping[str, str], problems: list[str]) -> dict[str, object]:
    path = env.get(FILE)
    if not path:
        return {}
    try:
        found = YAML(typ="safe", pure=True).load(Path(path).read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        problems.append(f"{FILE} names {path}, which cannot be read as YAML: {' '.join(str(error).split())}")
        return {}
    if not isinstance(found, dict):
        problems.append(f"{path}: found {type(found).__name__}, expected settings by name, such as `bootstrap: …`")
        return {}
    return dict(_known(found, path, problems))


def _known(found: Mapping[object, object], path: str, problems: list[str]) -> Iterator[tuple[str, object]]:
    """A secret's value does not belong in a file that is shown around; the name of a file with it does."""
    for name, value in found.items():
        variable = reference().get(str(name))
        of_file = reference().get(str(name).removesuffix("_file"))
        if variable and variable.secret:
            problems.append(f"{path}: `{name}` is a secret, set `{name}_file` to the path of a file that holds it")
        elif variable:
            yield str(name), value
        elif of_file and of_file.secret:
            yield from _secret(str(name).removesuffix("_file"), str(value), f"{path}: `{name}`", problems)
        else:
            problems.append(f"{path}: found the setting `{name}`, which does not exist{_meant(str(name), reference())}")


def _from_environment(env: Mapping[str, str], problems: list[str]) -> dict[str, object]:
    given: dict[str, object] = {}
    for name, variable in reference().items():
        if value := env.get(variable.name):
            given[name] = Secret(value) if variable.secret else value
        elif variable.secret and (path := env.get(f"{variable.name}_FILE")):
            given.update(_secret(name, path, f"{variable.name}_FILE", problems))
    problems += _slips(env)
    return given


def _slips(env: Mapping[str, str]) -> Iterator[str]:
    """Others may own ``NURTURE_…`` too, such as a cluster's service links: only what looks like a slip is a mistake."""
    names = {FILE, *(variable.name for variable in reference().values())}
    names |= {f"{variable.name}_FILE" for variable in reference().values() if variable.secret}
    for stray in sorted(name for name in set(env) - names if name.startswith(PREFIX)):
        if hint := _meant(stray, names, cutoff=0.9):
            yield f"found the variable {stray}, which does not exist{hint}"


def _secret(name: str, path: str, where: str, problems: list[str]) -> Iterator[tuple[str, Secret]]:
    try:
        yield name, Secret(Path(path).read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{where} names {path}, which cannot be read: {getattr(error, 'strerror', 'not UTF-8')}")


def _meant(name: str, known: Mapping[str, object] | set[str], cutoff: float = 0.6) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=cutoff)
    return f"; did you mean {close[0]}?" if close else ""


def _converted(given: Mapping[str, object], problems: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        variable = reference()[field.name]
        if field.name not in given:
            if variable.default is None:
                problems.append(f"{variable.name} is missing: {variable.says}; for example {variable}")
            continue
        try:
            values[field.name] = _convert(given[field.name], field.type)
        except msgspec.ValidationError:
            found = "a value that it cannot be" if variable.secret else f'"{given[field.name]}"'
            problems.append(f"{variable.name}: found {found}, expected {variable.expected}; for example {variable}")
    return values


def _convert(value: object, kind: Any) -> Any:
    plain = get_args(kind)[0]
    if isinstance(value, Secret):
        return value
    if get_origin(plain) is tuple and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    return msgspec.convert(value, kind, strict=False, dec_hook=lambda target, text: target(text))
