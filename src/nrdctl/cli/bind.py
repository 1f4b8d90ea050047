"""Turns a command function into what Typer reads: option groups spread out, the App passed in.

A parameter whose type is a configuration group of `nrdctl.model` becomes one option per declared field, and the group
is put together again when the command is called. A parameter of type `App` gets the program's state.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable
from typing import Annotated, Any

import typer

from nrdctl.cli.app import App
from nrdctl.model.option import Option, options_of


def expand_groups(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with a signature of single options; see the module's text."""
    hints = typing.get_type_hints(function, include_extras=True)
    groups: dict[str, tuple[type, dict[str, Option]]] = {}
    parameters: dict[str, inspect.Parameter] = {}
    app_name = ""
    for parameter in inspect.signature(function).parameters.values():
        hint = hints[parameter.name]
        if hint is App:
            app_name = parameter.name
        elif isinstance(hint, type) and dataclasses.is_dataclass(hint):
            spread = {f"{parameter.name}__{option.field}": option for option in options_of(hint)}
            groups[parameter.name] = (hint, spread)
            parameters.update({name: _parameter(name, option) for name, option in spread.items()})
        else:
            parameters[parameter.name] = parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY)

    @functools.wraps(function)
    def wrapper(**given: Any) -> Any:
        ctx: typer.Context = given.pop("_context")
        arguments = {app_name: ctx.obj} if app_name else {}
        for name, (group, spread) in groups.items():
            values = {option.field: _value(option, given.pop(long)) for long, option in spread.items()}
            arguments[name] = group(**values)
        return function(**arguments, **given)

    context = inspect.Parameter("_context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    del wrapper.__wrapped__
    wrapper.__signature__ = inspect.Signature([context, *parameters.values()])  # type: ignore[attr-defined]
    wrapper.__annotations__ = {"_context": typer.Context} | {n: p.annotation for n, p in parameters.items()}
    return wrapper


def _parameter(name: str, option: Option) -> inspect.Parameter:
    marker = option.flag
    info = typer.Option(
        *marker.names,
        help=marker.help,
        metavar=marker.metavar,
        parser=_parser(marker.parse) if marker.parse else None,
        show_default=False,
    )
    kind: Any = Any if marker.parse else option.type
    if option.repeated:
        kind, default = list[kind], []
    else:
        default = option.default
        if default is None or marker.parse:
            kind, default = kind | None if kind is not Any else Any, None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info])


def _parser(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Keep the reason of a ValueError, which Typer would drop."""

    @functools.wraps(parse)
    def checked(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return checked


def _value(option: Option, given: Any) -> Any:
    if option.repeated:
        return tuple(given or ())
    return option.default if given is None else given
