"""How templates of pages and mails run: as Jinja runs them, without the steps that every call pays for and no page of ours needs.

Jinja asks of every call whether it wants the context, puts a macro's arguments together one by one, and makes safe
text of what is only going to be joined. On a page that is a third of the time. The three classes below answer the
common case at once and hand everything else to Jinja's own; what comes out is the same, character by character.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from functools import lru_cache
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any

import markupsafe
from flask_babel.speaklater import LazyString
from jinja2 import Environment, Template, pass_eval_context
from jinja2.runtime import Context, Macro
from jinja2.utils import missing
from markupsafe import Markup, escape

_PLAIN = frozenset({FunctionType, MethodType, BuiltinFunctionType, type(lru_cache(len))})
_EVALUATION = getattr(pass_eval_context(lambda _page: None), "jinja_pass_arg")  # noqa: B009 - not known to the type
_escape_text: Callable[[str], str] = getattr(markupsafe, "_escape_inner", escape)  # the part written in C, where it has one


def spelled(value: object) -> str:
    """A value as it stands in a page. ``escape`` answers the same as safe text, which a page's pieces need not be."""
    kind = type(value)
    if kind is str:
        return _escape_text(value)  # type: ignore[arg-type]
    if kind is Markup:
        return value  # type: ignore[return-value]
    return str(value) if kind is LazyString or kind is int else escape(value)  # a lazy sentence of ours is safe text


class QuickMacro(Macro):
    """A macro whose arguments are put together at once, unless it takes a caller or more than it names."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.simple = not (self.catch_kwargs or self.catch_varargs or self.caller or self.explicit_caller)

    def quick(self, context: Context, given: tuple[Any, ...], named: dict[str, Any]) -> str:
        """Run it; what it cannot take is Jinja's to complain of."""
        lacking = self._argument_count - len(given)
        if not self.simple or lacking < 0 or not named.keys() <= set(self.arguments[len(given) :]):
            return self(context.eval_ctx, *given, **named)
        if named:
            given += tuple([named.get(name, missing) for name in self.arguments[len(given) :]])
        elif lacking:
            given += (missing,) * lacking
        made: str = self._func(*given)
        return str.__new__(Markup, made) if context.eval_ctx.autoescape else made


class QuickContext(Context):
    """A page's names; calls of macros and of plain functions go straight there."""

    def call(__self, __obj: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as Jinja names them
        """Call something from a template."""
        kind = type(__obj)
        wants = getattr(__obj, "jinja_pass_arg", None) if kind in _PLAIN else None
        if kind is QuickMacro or (kind in _PLAIN and (wants is None or wants is _EVALUATION)):
            if kwargs:
                kwargs.pop("_block_vars", None)
                kwargs.pop("_loop_vars", None)
            try:
                if kind is QuickMacro:
                    return __obj.quick(__self, args, kwargs)  # type: ignore[attr-defined]
                return __obj(*args, **kwargs) if wants is None else __obj(__self.eval_ctx, *args, **kwargs)
            except StopIteration:  # would end the page's own generator
                return __self.environment.undefined("a callable raised a StopIteration exception")
        return super().call(__obj, *args, **kwargs)


class QuickTemplate(Template):
    """A template with these, that knows that all templates share the same global names.

    Jinja compares the names of the page and of each imported file anew with every import: a tenth of a small page.
    """

    @classmethod
    def from_code(
        cls,
        environment: Environment,
        code: CodeType,
        globals: MutableMapping[str, Any],
        uptodate: Callable[[], bool] | None = None,
    ) -> Template:
        """Load the compiled template; the names it imported from Jinja's runtime give way to ours."""
        template = super().from_code(environment, code, globals, uptodate)
        template.root_render_func.__globals__.update(escape=spelled, Macro=QuickMacro)
        return template

    def _get_default_module(self, ctx: Any = None) -> Any:
        return super()._get_default_module()


def kept(macro: Callable[..., str]) -> Callable[..., str]:
    """A macro that says the same to the same arguments, whoever reads: drawn once for each, as icons are.

    Only for macros that ask for nothing but their arguments: what depends on the reader must come in as one.
    """
    return lru_cache(maxsize=1024, typed=True)(macro)  # typed: text and safe text of the same letters differ


def table_rows(body: Iterable[Sequence[object]], columns: Sequence[tuple[int, str, bool]]) -> Markup:
    """The rows of a table of records, for ``components/tables.html``: a list page is mostly this.

    Of each column: its place in a row, the attribute that repeats its heading, and whether it holds numbers. A cell that
    says nothing repeats no heading.
    """
    kinds = [
        (place, f' role="cell"{head}', ' role="cell"', ' class="num"' if of_numbers else "") for place, head, of_numbers in columns
    ]
    out: list[str] = []
    for row in body:
        out.append(f'<tr role="row"><th scope="row" role="rowheader">{spelled(row[0])}</th>')
        for place, headed, bare, more in kinds:
            cell = spelled(row[place])
            out.append(f"<td{headed if cell and not cell.isspace() else bare}{more}><span>{cell}</span></td>")
        out.append("</tr>")
    return Markup("".join(out))  # noqa: S704 - each cell is safe text, or was made it here


def install(env: Environment) -> None:
    """Let this environment's templates run so."""
    env.template_class = QuickTemplate
    env.context_class = QuickContext
    env.globals.update(kept=kept, table_rows=table_rows)
