"""Translates parsed expressions to Python: resolves names, checks functions and their constant arguments."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, ClassVar, Final

from hub.mapping.before import BEFORE
from hub.mapping.constants import constant_argument
from hub.mapping.faults import meant
from hub.mapping.functions import FUNCTIONS, Function, Kind
from hub.mapping.grammar import BadExpression, parse
from hub.mapping.program import Block, Probe, Scope, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hub.mapping.document import Node
    from hub.mapping.program import Program

ABSENT: Final = Term(code="None", kind="none", values=frozenset({None}))

_COMPARE: Final = {
    ast.Eq: "equal({0}, {1})",
    ast.NotEq: "(not equal({0}, {1}))",
    ast.Lt: "before({0}, {1})",
    ast.Gt: "before({1}, {0})",
    ast.LtE: "up_to({0}, {1})",
    ast.GtE: "up_to({1}, {0})",
    ast.Is: "({0} is {1})",
    ast.IsNot: "({0} is not {1})",
}


def term_of(node: Node, scope: Scope, target: str) -> Term:
    """Translate the expression of one scalar of the file; faults are noted and ABSENT returned."""
    if not node.is_scalar:
        scope.program.faults.add(node, "bad-shape", "one expression is wanted here", target=target)
        return ABSENT
    if node.value is None or isinstance(node.value, bool):
        scope.program.expressions[id(node)] = str(node.value)
        return _constant(node.value)
    tree = tree_of(node, scope.program, target)
    return ABSENT if tree is None else Translation(node, scope, target).term(tree)


def check_lets(program: Program, each: tuple[str, ...]) -> None:
    """Translate every let once more to nowhere, so that the faults of an unused one are found too.

    `each` is the path of the records that lets belong to.
    """
    for name, let in program.lets.items():
        scope: Scope | None = None
        for prefix in dict.fromkeys(((), each, let.prefix or each)):
            scope = Scope(program, variable="r0", prefix=prefix, head=Block(), parent=scope)
            scope.is_record = prefix == each
        if scope is not None:
            Translation(let.node, scope, f"let/{name}").term(let.tree)


def tree_of(node: Node, program: Program, target: str) -> ast.expr | None:
    """Parse the expression of one scalar; note a fault and return None where it is refused."""
    try:
        tree = parse(node.text.strip())
    except BadExpression as bad:
        column = _column(node, bad.offset)
        program.faults.add_at(
            node.line,
            column,
            bad.code,
            str(bad),
            file=node.file,
            hint=bad.hint,
            source=node.text[:80],
            target=target,
        )
        return None
    program.expressions[id(node)] = ast.unparse(tree)
    return tree


def _column(node: Node, offset: int) -> int:
    return node.column + offset + node.quoted


def _constant(value: object) -> Term:
    if value is None or value == "":
        return ABSENT
    kind: Kind = "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    return Term(code=repr(value), kind=kind, values=frozenset({value}), literal=True)


class Translation:
    """Translates one expression within one scope."""

    def __init__(self, node: Node, scope: Scope, target: str) -> None:
        """Translate for the scalar `node`, whose value goes to `target`."""
        self._node, self._scope, self._target = node, scope, target
        self.program = scope.program

    def term(self, tree: ast.expr) -> Term:
        """Translate one syntax tree of the grammar."""
        translate = self._BY_SYNTAX.get(type(tree))
        if translate is None:
            return self.fault(tree, "forbidden-syntax", "a list stands on the right of `in` only", "use one_of(x, …)")
        probe = Probe(node=self._node, tree=tree, target=self._target)
        return self.program.probed(translate(self, tree), probe)

    def fault(self, tree: ast.AST, code: str, problem: str, hint: str = "") -> Term:
        """Note a fault at a place within the expression; go on with nothing."""
        offset = len(self._node.text.strip().encode()[: getattr(tree, "col_offset", 0)].decode(errors="replace"))
        self.program.faults.add_at(
            self._node.line,
            _column(self._node, offset),
            code,
            problem,
            file=self._node.file,
            hint=hint,
            source=self._node.text[:80],
            target=self._target,
        )
        return ABSENT

    # names ------------------------------------------------------------------------------------------------------------

    def _name(self, tree: ast.Name) -> Term:
        name = tree.id
        if name in self.program.lets:
            return self._let(tree)
        if name in self.program.names:
            return self._alias(tree)
        known = self.program.known(self._scope.prefix)
        if known is not None and name not in known:
            hint = meant(name, {*known, *self.program.names, *self.program.lets})
            return self.fault(tree, "unknown-name", f"{name!r} is neither a column, an alias nor a let", hint)
        return Term(code=self._scope.column((name,)), column=name)

    def _alias(self, tree: ast.Name) -> Term:
        path = self.program.names[tree.id]
        owner = self.program.owner(path)
        scope = self._scope.at(owner)
        if scope is None:
            walked = "/".join(owner)
            hint = f"use it in an event with each: {walked}"
            return self.fault(tree, "child-name", f"{tree.id!r} is a field of each child of {walked}", hint)
        return Term(code=scope.column(path[len(scope.prefix) :]))

    def _let(self, tree: ast.Name) -> Term:
        let = self.program.lets[tree.id]
        records = [scope for scope in self._scope.chain() if scope.is_record]
        scope = records[0] if let.prefix is None else self._scope.at(let.prefix)
        if scope is None:
            walked = "/".join(let.prefix or ())
            hint = f"use it in an event with each: {walked}"
            return self.fault(tree, "child-name", f"{tree.id!r} is worked out for each child of {walked}", hint)
        if tree.id not in scope.lets:
            scope.lets[tree.id] = None
            scope.lets[tree.id] = self._load_let(tree.id, scope)
        term = scope.lets[tree.id]
        if term is None:
            hint = f'rename it; the column of that name is field("{tree.id}")'
            return self.fault(tree, "let-cycle", f"{tree.id!r} is defined by itself", hint)
        return term

    def _load_let(self, name: str, scope: Scope) -> Term:
        let = self.program.lets[name]
        term = Translation(let.node, scope, f"let/{name}").term(let.tree)
        variable = self.program.fresh("v")
        scope.head.line(f"{variable} = {term.code}", f"let/{name}")
        return Term(code=variable, kind=term.kind, values=term.values, raw=term.raw)

    # operators --------------------------------------------------------------------------------------------------------

    def _written(self, tree: ast.Constant) -> Term:
        return _constant(tree.value)

    def _join(self, tree: ast.BinOp) -> Term:
        return Term(code=f"join({self.term(tree.left).code}, {self.term(tree.right).code})", kind="text")

    def _unary(self, tree: ast.UnaryOp) -> Term:
        if isinstance(tree.op, ast.Not):
            return Term(code=f"(not {self.term(tree.operand).code})", kind="boolean")
        operand = tree.operand
        if isinstance(operand, ast.Constant) and type(operand.value) in {int, float}:
            return _constant(-operand.value)  # type: ignore[operator]
        return self.fault(tree, "forbidden-syntax", "a minus sign stands before a written number only")

    def _choice(self, tree: ast.BoolOp) -> Term:
        word = " and " if isinstance(tree.op, ast.And) else " or "
        terms = [self.term(value) for value in tree.values]
        return Term(code=f"({word.join(term.code for term in terms)})", kind=_common(terms))

    def _either(self, tree: ast.IfExp) -> Term:
        test, then, other = self.term(tree.test), self.term(tree.body), self.term(tree.orelse)
        code = f"({then.code} if {test.code} else {other.code})"
        return Term(code=code, kind=_common((then, other)), values=_union((then, other)))

    def _compare(self, tree: ast.Compare) -> Term:
        if len(tree.ops) > 1:
            return self.fault(tree, "forbidden-syntax", "comparisons do not chain", "write a < b and b < c")
        return Term(code=self._pair(tree.left, tree.ops[0], tree.comparators[0]), kind="boolean")

    def _pair(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
        term = self.term(left)
        first = self.program.constant(next(iter(term.values))) if term.literal and term.values else term.code
        if isinstance(operator, (ast.In, ast.NotIn)):
            inside = f"member({first}, {self._members(right)})"
            return inside if isinstance(operator, ast.In) else f"(not {inside})"
        second = self.term(right).code
        if isinstance(operator, (ast.Is, ast.IsNot)) and second != "None":
            self.fault(right, "forbidden-syntax", "`is` compares with None only", "write ==")
        return _COMPARE[type(operator)].format(first, second)

    def _members(self, tree: ast.expr) -> str:
        if not isinstance(tree, (ast.List, ast.Tuple, ast.Set)):
            self.fault(tree, "forbidden-syntax", "a list of constants stands on the right of `in`", 'x in ["1", "2"]')
            return "frozenset()"
        return self.program.constant(constant_argument(self, "values", tree.elts))

    # calls ------------------------------------------------------------------------------------------------------------

    def _call(self, tree: ast.Call) -> Term:
        if not isinstance(tree.func, ast.Name):
            return self.fault(tree, "forbidden-syntax", "only functions of the table are called")
        name = tree.func.id
        function = FUNCTIONS.get(name)
        if function is None:
            return self.fault(tree, "unknown-function", f"there is no function {name}()", meant(name, FUNCTIONS))
        if not self._arguments_fit(tree, name, function):
            return ABSENT
        if name in {"field", "parent"}:
            return self._column_call(tree, name)
        if name == "changed":
            return self._changed_call(tree)
        return self._plain_call(tree, name, function)

    def _arguments_fit(self, tree: ast.Call, name: str, function: Function) -> bool:
        count = len(tree.args)
        if count < function.least or (function.most is not None and count > function.most):
            most = "more" if function.most is None else function.most
            wanted = str(function.least) if function.least == function.most else f"{function.least} to {most}"
            self.fault(tree, "bad-arguments", f"{name}() takes {wanted} arguments, not {count}", function.about)
            return False
        unknown = [keyword.arg or "" for keyword in tree.keywords if keyword.arg not in function.keywords]
        if unknown:
            hint = meant(unknown[0], function.keywords)
            self.fault(tree, "bad-arguments", f"{name}() takes no argument {unknown[0]!r}", hint)
        return not unknown

    def _column_call(self, tree: ast.Call, name: str) -> Term:
        column = str(constant_argument(self, "column", tree.args))
        scope = self._scope if name == "field" else self._scope.parent
        if scope is None:
            return self.fault(tree, "no-parent", "there is no enclosing record here", "parent() stands inside each:")
        known = self.program.known(scope.prefix)
        if known is not None and column not in known:
            return self.fault(tree, "unknown-name", f"{column!r} is no column", meant(column, known))
        return Term(code=scope.column((column,)))

    def _changed_call(self, tree: ast.Call) -> Term:
        column = tree.args[0].id if isinstance(tree.args[0], ast.Name) else ""
        if column not in self.program.observed:
            problem = f"what {ast.unparse(tree.args[0])} said before is not known"
            hint = "declare read: {observe: {key: COLUMN, columns: [COLUMN, …]}}, and name one of the columns"
            return self.fault(tree, "not-observed", problem, hint)
        now = self.term(tree.args[0])
        record = self._scope.at(())
        if record is None:
            return self.fault(tree, "not-observed", "there is no record of the source's own here")
        return Term(code=f"f_changed({now.code}, {record.column((BEFORE, column))})", kind="boolean")

    def _plain_call(self, tree: ast.Call, name: str, function: Function) -> Term:
        terms: list[Term] = []
        for place, argument in enumerate(tree.args):
            kind = function.constants.get(place)
            rest = tree.args[place:] if kind in {"formats", "values"} else [argument]
            if kind is None:
                terms.append(self.term(argument))
                continue
            value = constant_argument(self, kind, rest)
            values = frozenset(value.values()) if kind == "codes" else None
            terms.append(Term(code=self.program.constant(value), values=values))
            if len(rest) > 1 or kind in {"formats", "values"}:
                break
        return self._result(tree, name, function, terms)

    def _result(self, tree: ast.Call, name: str, function: Function, terms: Sequence[Term]) -> Term:
        called = "time_by" if name == "time" and len(terms) > 1 else name
        keywords = [f"{word.arg}={self.term(word.value).code}" for word in tree.keywords]
        self.program.persons |= any(word.arg == "id" for word in tree.keywords)
        code = f"f_{called}({', '.join([*(term.code for term in terms), *keywords])})"
        kind, values, raw = function.result, None, ""
        if name == "code":
            values = terms[0].values
        elif name in {"default", "blank"}:
            kind, values = _common(terms if name == "default" else terms[:1]), _union(terms)
        elif name == "time":
            raw = terms[0].code
        elif name == "person":
            values = _known_of_person(word.arg or "" for word in tree.keywords)
        return Term(code=code, kind=kind, values=values, raw=raw)

    _BY_SYNTAX: ClassVar[Mapping[type[ast.expr], Callable[[Any, Any], Term]]] = {
        ast.Constant: _written,
        ast.Name: _name,
        ast.Call: _call,
        ast.Compare: _compare,
        ast.BoolOp: _choice,
        ast.IfExp: _either,
        ast.BinOp: _join,
        ast.UnaryOp: _unary,
    }


def _known_of_person(keywords: Iterable[str]) -> frozenset[object]:
    given = {"id": {"id_token", "id_masked"}, "phone": {"phone_masked"}, "kind": {"kind"}, "id_type": {"id_type"}}
    return frozenset({"name_masked"}.union(*(given[keyword] for keyword in keywords)))


def _common(terms: Iterable[Term]) -> Kind:
    kinds = {term.kind for term in terms} - {"none"}
    return kinds.pop() if len(kinds) == 1 else "any"


def _union(terms: Iterable[Term]) -> frozenset[object] | None:
    union: frozenset[object] = frozenset()
    for term in terms:
        if term.values is None:
            return None
        union |= term.values
    return union
