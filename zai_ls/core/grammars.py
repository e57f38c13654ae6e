"""What a language's syntax tree calls things, and where its grammar comes from. A table, by the grammar's name.

Grammars come from the official wheels, then from `semble_grammars` (the extra `languages`); without either there is none,
and everything that asks does with lines and indentation.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Language as TreeLanguage

_log = logging.getLogger(__name__)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Grammar:
    """One row: node types, as the grammar spells them."""

    name: str
    wheel: str = ""
    """Module of the official wheel."""
    entry: str = "language"
    """Its function that gives the language."""
    definitions: Mapping[str, str] = field(default_factory=dict)
    """Node type to kind: `function`, `method`, `class`, `type` or `module`."""
    wrappers: frozenset[str] = frozenset()
    """Nodes around a definition that belong to it: decorators, `export`, `template`."""
    attached: frozenset[str] = frozenset()
    """Nodes directly above a definition that belong to it, besides comments."""
    comments: frozenset[str] = frozenset({"comment", "line_comment", "block_comment"})
    imports: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()
    """What holds the statements of a definition."""
    branches: frozenset[str] = frozenset()
    """What chooses a way, and nests."""
    loops: frozenset[str] = frozenset()
    """What repeats, and nests."""
    arms: frozenset[str] = frozenset()
    """Further ways of a branch (`else`, `elif`): they do not nest again."""
    cases: frozenset[str] = frozenset()
    """The ways of a switch."""
    functions: frozenset[str] = frozenset()
    """Functions: one within another nests, and costs nothing itself."""
    logic: frozenset[str] = frozenset({"&&", "||", "and", "or"})
    """Operators that choose."""
    whole: frozenset[str] = frozenset({"string", "string_literal", "char_literal", "raw_string_literal"})
    """Texts: what is in them is no code."""
    chains: frozenset[str] = frozenset()
    """Operators between operands, besides those that any grammar has (`core/roles.py`)."""
    calls: frozenset[str] = frozenset()
    """The same for calls."""
    neutral: frozenset[str] = frozenset()
    """Nodes that mean here nothing of what they mean elsewhere."""
    silent: frozenset[str] = frozenset()
    """Words and signs that come and go with the formatting."""
    names: frozenset[str] = frozenset({"identifier"})
    """Leaves that name something."""
    embeds: frozenset[str] = frozenset()
    """What holds text in another language."""
    apart: bool = False
    """A name alone never means a method, not even one of the class around it."""
    overloads: bool = False
    """There are functions of one name, told apart by what they take."""


_C_BRANCHES = "if_statement switch_statement conditional_expression"
_C_LOOPS = "for_statement while_statement do_statement"

_SCRIPT = Grammar(
    "javascript",
    "tree_sitter_javascript",
    definitions={
        "function_declaration": "function",
        "generator_function_declaration": "function",
        "class_declaration": "class",
        "abstract_class_declaration": "class",
        "method_definition": "method",
        "interface_declaration": "type",
        "type_alias_declaration": "type",
        "enum_declaration": "type",
        "internal_module": "module",
        "module": "module",
        "variable_declarator": "function",  # only with a function as its value
        "public_field_definition": "method",
        "field_definition": "method",
        "pair": "function",
        "assignment_expression": "function",
    },
    wrappers=_words(
        "export_statement lexical_declaration variable_declaration expression_statement ambient_declaration"
    ),
    attached=_words("decorator"),
    imports=_words("import_statement"),
    bodies=_words("statement_block class_body interface_body enum_body"),
    branches=_words("if_statement switch_statement ternary_expression catch_clause"),
    loops=_words("for_statement for_in_statement while_statement do_statement"),
    arms=_words("else_clause"),
    cases=_words("switch_case switch_default"),
    functions=_words(
        "arrow_function function_expression function_declaration generator_function method_definition"
    ),
    names=_words(
        "identifier property_identifier shorthand_property_identifier shorthand_property_identifier_pattern "
        "type_identifier private_property_identifier"
    ),
    apart=True,
)

_CPP_NAMES = _words("identifier field_identifier type_identifier namespace_identifier")

_PHP = Grammar(
    "php",
    "tree_sitter_php",
    "language_php",
    definitions={
        "function_definition": "function",
        "method_declaration": "method",
        "class_declaration": "class",
        "interface_declaration": "type",
        "trait_declaration": "class",
        "enum_declaration": "type",
    },
    imports=_words("namespace_use_declaration"),
    bodies=_words("compound_statement declaration_list"),
    branches=_words("if_statement switch_statement match_expression conditional_expression catch_clause"),
    loops=_words(_C_LOOPS + " foreach_statement"),
    arms=_words("else_clause else_if_clause"),
    cases=_words("case_statement match_conditional_expression"),
    functions=_words("anonymous_function arrow_function function_definition method_declaration"),
    names=_words("name variable_name"),
    apart=True,
)

_TABLE = (
    Grammar(
        "python",
        "tree_sitter_python",
        definitions={"function_definition": "function", "class_definition": "class"},
        wrappers=_words("decorated_definition"),
        imports=_words("import_statement import_from_statement future_import_statement"),
        bodies=_words("block"),
        branches=_words("if_statement match_statement conditional_expression except_clause"),
        loops=_words("for_statement while_statement"),
        arms=_words("elif_clause else_clause if_clause"),
        cases=_words("case_clause"),
        functions=_words("lambda function_definition"),
        apart=True,
    ),
    _SCRIPT,
    replace(_SCRIPT, name="typescript", wheel="tree_sitter_typescript", entry="language_typescript"),
    replace(_SCRIPT, name="tsx", wheel="tree_sitter_typescript", entry="language_tsx"),
    Grammar(
        "go",
        "tree_sitter_go",
        definitions={
            "function_declaration": "function",
            "method_declaration": "method",
            "type_declaration": "type",
        },
        imports=_words("import_declaration package_clause"),
        bodies=_words("block"),
        branches=_words("if_statement expression_switch_statement type_switch_statement select_statement"),
        loops=_words("for_statement"),
        cases=_words("expression_case type_case communication_case default_case"),
        functions=_words("func_literal function_declaration method_declaration"),
        names=_words("identifier field_identifier type_identifier package_identifier"),
        whole=_words("interpreted_string_literal raw_string_literal rune_literal"),
        apart=True,
    ),
    Grammar(
        "rust",
        "tree_sitter_rust",
        definitions={
            "function_item": "function",
            "struct_item": "type",
            "enum_item": "type",
            "trait_item": "type",
            "impl_item": "class",
            "mod_item": "module",
            "macro_definition": "function",
        },
        attached=_words("attribute_item"),
        imports=_words("use_declaration extern_crate_declaration"),
        bodies=_words("block declaration_list"),
        branches=_words("if_expression match_expression"),
        loops=_words("for_expression while_expression loop_expression"),
        arms=_words("else_clause"),
        cases=_words("match_arm"),
        functions=_words("closure_expression function_item"),
        names=_words("identifier field_identifier type_identifier shorthand_field_identifier"),
        apart=True,
    ),
    Grammar(
        "java",
        "tree_sitter_java",
        definitions={
            "method_declaration": "method",
            "constructor_declaration": "method",
            "class_declaration": "class",
            "interface_declaration": "type",
            "enum_declaration": "type",
            "record_declaration": "class",
            "annotation_type_declaration": "type",
        },
        imports=_words("import_declaration package_declaration"),
        bodies=_words("block constructor_body class_body interface_body enum_body"),
        branches=_words("if_statement switch_expression ternary_expression catch_clause"),
        loops=_words(_C_LOOPS + " enhanced_for_statement"),
        cases=_words("switch_label"),
        functions=_words("lambda_expression method_declaration constructor_declaration"),
        names=_words("identifier type_identifier"),
        overloads=True,
    ),
    Grammar(
        "c",
        "tree_sitter_c",
        definitions={
            "function_definition": "function",
            "struct_specifier": "type",
            "enum_specifier": "type",
            "union_specifier": "type",
        },
        wrappers=_words("type_definition"),
        imports=_words("preproc_include"),
        bodies=_words("compound_statement field_declaration_list enumerator_list"),
        branches=_words(_C_BRANCHES),
        loops=_words(_C_LOOPS),
        arms=_words("else_clause"),
        cases=_words("case_statement"),
        functions=_words("function_definition"),
        names=_words("identifier field_identifier type_identifier"),
    ),
    Grammar(
        "cpp",
        "tree_sitter_cpp",
        definitions={
            "function_definition": "function",
            "class_specifier": "class",
            "struct_specifier": "type",
            "enum_specifier": "type",
            "union_specifier": "type",
            "namespace_definition": "module",
        },
        wrappers=_words("template_declaration type_definition"),
        imports=_words("preproc_include using_declaration"),
        bodies=_words("compound_statement field_declaration_list enumerator_list declaration_list"),
        branches=_words(_C_BRANCHES + " catch_clause"),
        loops=_words(_C_LOOPS + " for_range_loop"),
        arms=_words("else_clause"),
        cases=_words("case_statement"),
        functions=_words("lambda_expression function_definition"),
        names=_CPP_NAMES,
        overloads=True,
    ),
    Grammar(
        "csharp",
        "tree_sitter_c_sharp",
        definitions={
            "method_declaration": "method",
            "constructor_declaration": "method",
            "property_declaration": "method",
            "local_function_statement": "function",
            "class_declaration": "class",
            "struct_declaration": "class",
            "record_declaration": "class",
            "interface_declaration": "type",
            "enum_declaration": "type",
        },
        imports=_words("using_directive"),
        bodies=_words("block declaration_list"),
        branches=_words(
            "if_statement switch_statement switch_expression conditional_expression catch_clause"
        ),
        loops=_words(_C_LOOPS + " foreach_statement"),
        cases=_words("switch_section switch_expression_arm"),
        functions=_words(
            "lambda_expression anonymous_method_expression method_declaration constructor_declaration local_function_statement"
        ),
        overloads=True,
    ),
    Grammar(
        "ruby",
        "tree_sitter_ruby",
        definitions={
            "method": "function",
            "singleton_method": "function",
            "class": "class",
            "module": "module",
        },
        bodies=_words("body_statement"),
        branches=_words("if unless case if_modifier unless_modifier conditional rescue case_match"),
        loops=_words("while until for while_modifier until_modifier"),
        arms=_words("elsif else"),
        cases=_words("when in_clause"),
        functions=_words("block do_block lambda method singleton_method"),
        names=_words("identifier constant instance_variable class_variable global_variable"),
        neutral=_words("block"),
    ),
    _PHP,
    replace(_PHP, name="php_only", entry="language_php_only"),  # no text around its code
    Grammar(
        "kotlin",
        "tree_sitter_kotlin",
        definitions={
            "function_declaration": "function",
            "class_declaration": "class",
            "object_declaration": "class",
        },
        comments=_words("line_comment block_comment"),
        imports=_words("import package_header"),
        bodies=_words("function_body class_body block"),
        branches=_words("if_expression when_expression catch_block"),
        loops=_words("for_statement while_statement do_while_statement"),
        cases=_words("when_entry"),
        functions=_words("lambda_literal anonymous_function function_declaration"),
        names=_words("identifier"),
        overloads=True,
    ),
    Grammar(
        "swift",
        "tree_sitter_swift",
        definitions={
            "function_declaration": "function",
            "class_declaration": "class",
            "protocol_declaration": "type",
            "init_declaration": "method",
        },
        comments=_words("comment multiline_comment"),
        imports=_words("import_declaration"),
        bodies=_words("function_body class_body"),
        branches=_words("if_statement switch_statement ternary_expression catch_block"),
        loops=_words("for_statement while_statement repeat_while_statement"),
        cases=_words("switch_entry"),
        functions=_words("lambda_literal function_declaration init_declaration"),
        names=_words("simple_identifier type_identifier"),
        overloads=True,
    ),
    Grammar(
        "lua",
        definitions={"function_declaration": "function", "function_definition_statement": "function"},
        bodies=_words("block"),
        branches=_words("if_statement"),
        loops=_words("for_statement while_statement repeat_statement"),
        arms=_words("elseif_statement else_statement"),
        functions=_words("function_definition function_declaration"),
    ),
    Grammar(
        "bash",
        "tree_sitter_bash",
        definitions={"function_definition": "function"},
        bodies=_words("compound_statement"),
        branches=_words("if_statement case_statement"),
        loops=_words("for_statement while_statement c_style_for_statement"),
        arms=_words("elif_clause else_clause"),
        cases=_words("case_item"),
        names=_words("variable_name command_name"),
        chains=_words("list test_command"),
        neutral=_words("list"),
    ),
    Grammar(
        "sql",
        "tree_sitter_sql",
        definitions={
            "create_table": "type",
            "create_view": "type",
            "create_materialized_view": "type",
            "create_function": "function",
            "create_procedure": "function",
        },
        wrappers=_words("statement"),
        embeds=_words("function_body procedure_body"),
        branches=_words("case"),
        loops=_words("join cross_join lateral_join lateral_cross_join"),
        functions=_words("subquery cte"),
        names=_words("identifier"),
    ),
    Grammar("html", "tree_sitter_html", names=_words("tag_name attribute_name"), embeds=_words("raw_text")),
    Grammar(
        "css",
        "tree_sitter_css",
        names=_words("class_name id_name tag_name property_name"),
        neutral=_words("block"),
    ),
    Grammar("json", "tree_sitter_json"),
    Grammar("yaml", "tree_sitter_yaml"),
    Grammar("toml", "tree_sitter_toml", names=_words("bare_key")),
    Grammar("markdown", "tree_sitter_markdown", embeds=_words("code_fence_content")),
)

GRAMMARS: dict[str, Grammar] = {grammar.name: grammar for grammar in _TABLE}
"""All rows by name. A grammar that has none still tells whether a text is sound."""


def grammar_of(name: str) -> Grammar:
    """The row of *name*; one that knows no node types when there is none."""
    return GRAMMARS.get(name) or Grammar(name)


def load(grammar: Grammar, cache: str | None = None) -> TreeLanguage | None:
    """The grammar itself, ready for a parser; None when no package here has it.

    *cache* is a folder for the grammars that `semble_grammars` unpacks; without one it chooses its own.
    """
    from tree_sitter import Language

    if grammar.wheel:
        try:
            module = import_module(grammar.wheel)
            return Language(getattr(module, grammar.entry)())
        except (ImportError, ValueError) as why:  # not installed, or built for another tree-sitter
            _log.debug("grammar.wheel name=%s why=%s", grammar.name, why)
    return _from_semble(grammar.name, cache)


def _from_semble(name: str, cache: str | None) -> TreeLanguage | None:
    import os

    try:
        semble = import_module("semble_grammars")
    except ImportError:
        return None
    if cache is not None:
        os.environ.setdefault("SEMBLE_GRAMMARS_CACHE_DIR", cache)
    try:
        found: TreeLanguage = semble.get_language(name)
    except (
        semble.GrammarLoadError,  # such as a folder that must not hold programs
        semble.LanguageNotFoundError,
        semble.UnsupportedPlatformError,
        ValueError,  # built for another tree-sitter
    ) as why:
        _log.debug("grammar.semble name=%s why=%s", name, why)
        return None
    return found
