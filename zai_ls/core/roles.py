"""What a node of a syntax tree means for how hard code is: one table over all grammars, compiled to one list for each.

Grammars call the same thing by the same name more often than not, so most rows here hold for all of them; where a name
means something else in one grammar, or where only one grammar has it, that grammar's own row (`core/grammars.py`) tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Language as TreeLanguage

    from zai_ls.core.grammars import Grammar

# -- flags: what the pass does at a node --------------------------------------------------------------------

SKIP = 1 << 0
"""Neither it nor what is in it counts."""
BRANCH = 1 << 1
"""Chooses a way: one, and one for each level it lies under."""
LOOP = 1 << 2
"""The same, and repeats."""
ARM = 1 << 3
"""A further way: one, whatever it lies under."""
CASE = 1 << 4
"""A case of a switch: nothing by itself as Campbell counts."""
REPEATS = 1 << 5
"""Repeats without being a statement: a comprehension."""
FUNCTION = 1 << 6
"""A function with a name."""
LAMBDA = 1 << 7
"""A function as a value."""
CHAIN = 1 << 8
"""Operators between operands."""
KEYED = 1 << 40
"""Gives a value by name, to something else."""
KEY = 1 << 41
"""The name in it."""
HEAD = 1 << 39
"""What a loop counts by."""
UNARY = 1 << 38
"""One operator before or behind its operand."""
PAREN = 1 << 9
"""Parentheses around an expression: as if they were not there, unless an operator waits outside."""
CALL = 1 << 10
SUBSCRIPT = 1 << 11
TERNARY = 1 << 12
INNER = 1 << 13
"""What is in it lies one level deeper in an expression."""
TYPE = 1 << 14
"""Operators in it are of types."""
ASSIGN = 1 << 15
"""Writes to something."""
JUMP = 1 << 16
"""Leaves a loop, or goes to a label."""
RETURN = 1 << 17
CONTAINER = 1 << 18
"""Each thing in it is a unit of its own: statements, arguments, elements."""
STATEMENT = 1 << 19
"""Begins a unit, and expressions anew."""
MAY_BE_TEXT = 1 << 20
"""A statement that is no code when it is nothing but a string."""
STRING = 1 << 21
REGEX = 1 << 22
WHOLE = 1 << 23
"""One operand, whatever is in it."""
NAME = 1 << 24
MEMBER = 1 << 25
"""Names something of something else."""
DEFINES = 1 << 26
"""Names directly in it are defined there."""
PASSES = 1 << 27
"""Where it is defined, so is what is in it."""
USES = 1 << 28
"""Names in it are used, whatever their field is called."""
ELSE = 1 << 29
DOT = 1 << 30
"""What follows is of what stands before."""
GIVES = 1 << 31
"""What follows is the value of what stands before."""
OPERATOR = 1 << 32
LOGIC = 1 << 33
BITS = 1 << 34
"""Operators on bits, besides `OPERATOR`."""
SHIFT_LEFT = 1 << 35
"""`<<`, which also writes to streams."""
MARK = 1 << 36
"""Adds to a measure by itself, see `Roles.marks`."""
ERROR = 1 << 37
"""What the parser could not read."""
DATA = 1 << 42
"""What is in it is a table, or a constant, as long as nothing in it branches or repeats."""
CONSTANT = 1 << 43
"""An operator between literals."""
UNION = 1 << 44
"""A `|` or `|=` between names and constants."""
INSET = 1 << 45
"""Code within a text."""
FIELD = 1 << 46
"""Says what a thing consists of; nothing happens there."""
LEVELS = BRANCH | LOOP | ARM | CASE | REPEATS | FUNCTION | LAMBDA
EXPRESSES = CHAIN | PAREN | CALL | SUBSCRIPT | TERNARY | INNER | TYPE | DATA | INSET | FIELD
ACTS = ASSIGN | JUMP | RETURN
APART = CONTAINER | ERROR
"""Where even a plain token needs a look."""
OPERAND = 1
"""The token of whatever names or is a value."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ANYWHERE: Mapping[int, frozenset[str]] = {
    SKIP: _words(
        "string_content string_fragment string_start string_end escape_sequence interpreted_string_literal_content "
        "raw_string_literal_content multiline_string_fragment string_literal_content raw_string_content line_str_text "
        "multi_line_str_text str_escaped_char heredoc_content heredoc_end nowdoc_string heredoc_start interpolation_start "
        "interpolation_quote escape_interpolation regex_pattern regex_flags raw_string_start raw_string_end "
        "raw_string_delimiter raw_str_part raw_str_end_part string_literal_encoding empty_statement php_tag shebang "
        "shebang_line hash_bang_line line_continuation character_literal_content character visibility_modifier "
        "accessibility_modifier block_continuation fenced_code_block_delimiter info_string"
    ),
    CHAIN: _words(
        "binary_expression binary_operator boolean_operator comparison_operator binary let_chain fold_expression "
        "additive_expression multiplicative_expression comparison_expression equality_expression conjunction_expression "
        "disjunction_expression bitwise_operation infix_expression not_operator "
        "between_expression"
    ),
    CHAIN | UNARY: _words(
        "unary_expression unary_operator unary prefix_expression prefix_unary_expression unary_op_expression"
    ),
    PAREN: _words("parenthesized_expression parenthesized_statements parenthesized_value"),
    CALL: _words(
        "call call_expression method_invocation invocation_expression function_call_expression member_call_expression "
        "scoped_call_expression nullsafe_member_call_expression new_expression object_creation_expression macro_invocation "
        "command invocation"
    ),
    SUBSCRIPT: _words(
        "subscript subscript_expression index_expression array_access element_access_expression element_reference "
        "slice_expression"
    ),
    CONTAINER: _words(
        "block statement_block compound_statement statement_list statements do_group body_statement block_body then "
        "class_body interface_body enum_body constructor_body declaration_list field_declaration_list enumerator_list "
        "enum_variant_list object_type switch_body switch_block match_block list tuple set dictionary array array_expression "
        "object hash array_literal dictionary_literal collection_literal tuple_expression initializer_list literal_value "
        "array_initializer initializer_expression collection_expression array_creation_expression field_initializer_list "
        "enum_class_body enum_member_declaration_list accessor_list protocol_body match_block declaration_list "
        "import_spec_list var_spec_list named_imports use_list export_clause expression_list list_literal "
        "string_array symbol_array block_mapping block_sequence flow_mapping flow_sequence inline_table table "
        "table_array_element rule_set element select_expression column_definitions enum_elements assignment_list "
        "section pipe_table pipe_table_row order_by group_by when_expression block_parameters ordered_field_declaration_list "
        "expression_case type_case communication_case default_case case_statement switch_section switch_block_statement_group "
        "switch_case switch_default default_statement switch_entry source_file program module translation_unit "
        "compilation_unit document stream stylesheet token_tree"
    ),
    INSET: _words("interpolation template_substitution interpolated_expression expansion simple_expansion"),
    DATA: _words(
        "list dictionary array array_expression object hash array_literal dictionary_literal collection_literal "
        "tuple initializer_list literal_value array_initializer initializer_expression collection_expression "
        "array_creation_expression field_initializer_list enumerator_list enum_body enum_class_body "
        "enum_member_declaration_list field_declaration static_item const_item const_declaration"
    ),
    FIELD: _words(
        "field_declaration property_declaration public_field_definition field_definition property_signature"
    ),
    CONTAINER | INNER: _words(
        "arguments argument_list value_arguments bracketed_argument_list subscript_argument_list annotation_argument_list"
    ),
    CONTAINER | DEFINES: _words(
        "parameters formal_parameters parameter_list lambda_parameters closure_parameters method_parameters "
        "function_value_parameters block_parameters inferred_parameters class_parameters function_arguments"
    ),
    CONTAINER | TYPE: _words("type_arguments type_argument_list template_argument_list"),
    CONTAINER | TYPE | DEFINES: _words("type_parameters template_parameter_list type_parameter_list"),
    DEFINES: _words(
        "type_parameter type_parameter_declaration variadic_type_parameter_declaration lifetime_parameter parameter "
        "optional_type_parameter_declaration typed_parameter as_pattern_target variable_declaration "
        "multi_variable_declaration implicit_parameter simple_parameter catch_clause exception_variable keyword_parameter "
        "optional_parameter splat_parameter block_parameter structured_binding_declarator variable_declarator "
        "class_parameter pattern global_statement nonlocal_statement"
    ),
    PASSES: _words(
        "pattern_list tuple_pattern list_pattern array_pattern object_pattern object_assignment_pattern assignment_pattern "
        "pair_pattern rest_pattern list_splat_pattern dictionary_splat_pattern expression_list left_assignment_list tuple "
        "rest_assignment destructured_left_assignment function_declarator pointer_declarator reference_declarator "
        "array_declarator init_declarator variadic_declarator parenthesized_declarator mut_pattern ref_pattern "
        "reference_pattern slice_pattern tuple_struct_pattern struct_pattern field_pattern captured_pattern or_pattern "
        "match_pattern default_parameter typed_default_parameter pattern variable_declarator "
        "directly_assignable_expression variadic_parameter case_pattern as_pattern"
    ),
    USES: _words(
        "scoped_identifier scoped_type_identifier qualified_identifier template_function template_type template_method "
        "generic_type generic_name nested_identifier nested_type_identifier qualified_type field "
        "object_reference element_value_pair member_access_expression scoped_property_access_expression"
    ),
    STATEMENT: _words(
        "declaration local_variable_declaration lexical_declaration variable_declaration let_declaration field_declaration "
        "const_item static_item property_declaration short_var_declaration var_declaration const_declaration var_spec "
        "const_spec public_field_definition field_definition property_signature enum_variant enum_constant enumerator "
        "method_signature preproc_def preproc_include preproc_function_def use_declaration import_declaration "
        "using_directive pair keyed_element type_item type_alias_declaration alias_declaration enum_assignment "
        "block_mapping_pair flow_pair attribute_item function_item struct_item enum_item impl_item trait_item "
        "control_transfer_statement macro_rule match_arm when_entry match_conditional_expression switch_rule "
        "switch_expression_arm case_clause case_item variable_assignment column_definition join cte jsx_attribute "
        "decorator annotation attribute tag_name rule_set"
    ),
    HEAD: _words("for_clause"),
    KEYED: _words("keyword_argument keyed_element value_argument"),
    ASSIGN: _words(
        "assignment augmented_assignment assignment_expression augmented_assignment_expression compound_assignment_expr "
        "assignment_statement inc_statement dec_statement update_expression operator_assignment postfix_unary_expression "
        "postfix_expression variable_assignment"
    ),
    JUMP: _words(
        "break_statement continue_statement break_expression continue_expression goto_statement fallthrough_statement "
        "next redo retry break control_transfer_statement"
    ),
    RETURN: _words("return_statement return_expression return co_return_statement yield_statement"),
    TYPE: _words(
        "type type_annotation type_descriptor union_type intersection_type function_type reference_type pointer_type "
        "generic_type trait_bounds where_clause type_bound constraint type_constraint type_elem user_type "
        "literal_type conditional_type mapped_type_clause base_class_clause lookup_type tuple_type array_type"
    ),
    STRING: _words(
        "string string_literal raw_string_literal interpreted_string_literal template_string line_string_literal "
        "multi_line_string_literal multiline_string_literal interpolated_string_expression verbatim_string_literal "
        "encapsed_string heredoc nowdoc heredoc_body raw_string ansi_c_string translated_string string_value "
        "concatenated_string double_quote_scalar single_quote_scalar block_scalar quoted_attribute_value"
    ),
    STRING | REGEX: _words("regex regex_literal"),
    WHOLE: _words(
        "char_literal character_literal rune_literal lifetime simple_symbol delimited_symbol float integer "
        "plain_scalar dotted_name raw_text inline code_fence_content null true false none nil boolean_literal "
        "preproc_arg system_lib_string"
    ),
    REPEATS: _words(
        "list_comprehension dictionary_comprehension set_comprehension generator_expression query_expression"
    ),
    TERNARY: _words("ternary_expression conditional_expression conditional"),
    MAY_BE_TEXT: _words("expression_statement"),
    MEMBER: _words("property_identifier field_identifier private_property_identifier"),
}
"""By flag, the node types that mean it in every grammar that has them."""

_DEFINING_FIELDS = (
    "name",
    "left",
    "pattern",
    "parameter",
    "declarator",
    "alias",
    "variable",
    "bound_identifier",
    "item",
)

_OPERATORS = _words(
    "+ - * / % ** // @ == != === !== < > <= >= <=> is in not instanceof and or && || ! & | ^ ~ << >> >>> &^ .. ..= =~ "
    "typeof not_in is_not"
)
_ADDRESSES = _words("& * <-")
_CLAUSES = _words("for_in_clause from_clause join_clause")
_UNIONS = _words("| |=")
_TUPLES = _words("tuple_expression")
_QUESTIONS = _words("try_expression")
_LITERALS = _words(
    "integer float number number_literal integer_literal float_literal int_literal real_literal decimal_integer_literal "
    "hex_integer_literal octal_integer_literal binary_integer_literal decimal_floating_point_literal hex_literal "
    "bin_literal oct_literal char_literal character_literal rune_literal imaginary_literal long_literal unsigned_literal"
)
_DOTS = _words(". -> ?. :: &. ?->")
_BITS = _words("& | ^ ~ << >> >>> &^")
_BIT_ASSIGNMENTS = _words("&= |= ^= <<= >>= >>>= &^=")
_ASSIGNMENTS = _words("+= -= *= /= %= **= //= @= ++ --") | _BIT_ASSIGNMENTS
_SIGNS_OF_MEANING = frozenset("=+-*/%<>&|^!~?.")

MARKS: Mapping[str, Mapping[str, float]] = {
    "branching": {"window_function": 1.0, "cte": 0.7},
    "errors": {
        "try_statement": 1.0,
        "try_with_resources_statement": 1.0,
        "try_block": 1.0,
        "begin": 0.5,
        "seh_try_statement": 1.5,
        "finally_clause": 1.0,
        "finally_block": 1.0,
        "ensure": 1.0,
        "except_clause": 0.5,
        "catch_clause": 0.5,
        "catch_block": 0.5,
        "rescue": 0.5,
        "raise_statement": 0.5,
        "throw_statement": 0.5,
        "throw_expression": 0.5,
        "try_expression": 0.4,
        "defer_statement": 0.7,
        "with_statement": 0.4,
        "using_statement": 0.4,
    },
    "concurrency": {
        "await": 1.0,
        "await_expression": 1.0,
        "co_await_expression": 1.5,
        "co_yield_statement": 1.5,
        "async_block": 1.5,
        "yield": 0.8,
        "yield_expression": 0.8,
        "yield_statement": 0.3,
        "go_statement": 1.5,
        "send_statement": 1.2,
        "receive_statement": 0.8,
        "select_statement": 1.5,
        "channel_type": 0.7,
        "synchronized_statement": 2.0,
        "lock_statement": 2.0,
    },
    "unsafe": {
        "unsafe_block": 2.5,
        "unsafe_statement": 2.5,
        "pointer_expression": 0.45,
        "pointer_declarator": 0.3,
        "abstract_pointer_declarator": 0.2,
        "delete_expression": 0.8,
        "gnu_asm_expression": 3.0,
        "fixed_statement": 1.5,
        "stackalloc_expression": 1.5,
        "goto_statement": 0.5,
        "cast_expression": 0.3,
        "type_cast_expression": 0.2,
        "union_specifier": 1.0,
        "union_item": 1.5,
    },
    "types": {
        "type_parameters": 0.8,
        "type_parameter_list": 0.8,
        "template_parameter_list": 1.0,
        "type_parameter": 0.05,
        "type_parameter_declaration": 0.2,
        "variadic_type_parameter_declaration": 1.5,
        "template_template_parameter_declaration": 2.0,
        "optional_type_parameter_declaration": 0.8,
        "parameter_pack_expansion": 1.2,
        "fold_expression": 1.5,
        "requires_clause": 1.5,
        "requires_expression": 1.5,
        "concept_definition": 2.0,
        "decltype": 1.5,
        "dependent_type": 0.5,
        "template_type": 0.08,
        "template_function": 0.15,
        "generic_type": 0.06,
        "generic_name": 0.06,
        "generic_function": 0.4,
        "wildcard": 0.6,
        "type_bound": 0.7,
        "constraint": 0.7,
        "trait_bounds": 0.6,
        "where_clause": 0.8,
        "where_predicate": 0.5,
        "type_parameter_constraints_clause": 0.8,
        "higher_ranked_trait_bound": 2.5,
        "lifetime": 0.15,
        "lifetime_parameter": 0.3,
        "dynamic_type": 0.7,
        "abstract_type": 0.6,
        "associated_type": 0.8,
        "bracketed_type": 0.8,
        "type_binding": 0.5,
        "conditional_type": 2.5,
        "infer_type": 1.5,
        "mapped_type_clause": 2.0,
        "index_type_query": 1.0,
        "lookup_type": 0.7,
        "template_literal_type": 1.2,
        "type_predicate_annotation": 0.8,
        "type_predicate": 0.8,
        "satisfies_expression": 0.5,
        "as_expression": 0.2,
        "type_query": 0.6,
        "union_type": 0.06,
        "intersection_type": 0.4,
        "macro_definition": 2.0,
        "macro_rule": 1.0,
        "token_repetition": 1.0,
        "token_repetition_pattern": 1.0,
        "preproc_function_def": 1.0,
        "type_constraint": 0.5,
        "type_elem": 0.1,
        "type_assertion_expression": 0.4,
        "decorator": 0.06,
        "reification_modifier": 1.0,
        "union_pattern": 0.3,
        "class_pattern": 0.4,
        "list_pattern": 0.1,
        "tuple_struct_pattern": 0.06,
        "struct_pattern": 0.1,
        "record_pattern": 0.5,
        "recursive_pattern": 0.5,
    },
}
"""What these add to a measure wherever they are: a node of weight one is about as hard to get right as a branch."""

_KEYWORD_MARKS: Mapping[str, tuple[str, float]] = {
    "async": ("concurrency", 0.3),
    "synchronized": ("concurrency", 1.5),
    "volatile": ("concurrency", 1.5),
    "suspend": ("concurrency", 0.7),
    "unsafe": ("unsafe", 1.5),
    "asm": ("unsafe", 2.0),
    "reinterpret_cast": ("unsafe", 1.5),
    "constexpr": ("types", 0.3),
    "typename": ("types", 0.2),
    "keyof": ("types", 0.5),
    "infer": ("types", 0.5),
    "keyword_recursive": ("recursion", 1.5),
}

TERMS: Mapping[str, Mapping[float, str]] = {
    "concurrency": {
        2.0: "compare_exchange compare_exchange_weak compare_exchange_strong compareAndSet compareAndSwap CompareAndSwap "
        "CompareAndSwapInt32 CompareAndSwapInt64 CompareAndSwapUint32 CompareAndSwapUint64 CompareAndSwapPointer "
        "weakCompareAndSet memory_order_acquire memory_order_release memory_order_acq_rel memory_order_relaxed "
        "memory_order_seq_cst AcqRel SeqCst atomic_thread_fence VarHandle",
        1.5: "Mutex RwLock RWMutex WaitGroup Condvar condition_variable mutex lock_guard unique_lock scoped_lock shared_mutex "
        "AtomicUsize AtomicBool AtomicPtr AtomicU64 AtomicU32 AtomicI64 AtomicI32 AtomicInteger AtomicLong "
        "AtomicReference AtomicBoolean ReentrantLock ReentrantReadWriteLock StampedLock CountDownLatch CyclicBarrier "
        "Semaphore BoundedSemaphore RLock ThreadPoolExecutor ProcessPoolExecutor ExecutorService "
        "CompletableFuture ForkJoinPool ConcurrentHashMap ThreadLocal Thread jthread packaged_task "
        "Atomics SharedArrayBuffer errgroup singleflight mpsc oneshot",
        1.0: "asyncio create_task TaskGroup call_soon_threadsafe run_in_executor allSettled AbortController Waker "
        "poll_fn spawn_blocking notify_one notify_all notifyAll fetch_add fetch_sub",
    },
    "unsafe": {
        2.5: "transmute from_raw_parts from_raw_parts_mut unsafe_cell UnsafeCell MaybeUninit ManuallyDrop NonNull get_unchecked "
        "get_unchecked_mut read_volatile write_volatile from_raw into_raw UnsafePointer SliceHeader StringHeader "
        "bit_cast launder ctypes",
        1.0: "memcpy memmove malloc realloc calloc mmap PhantomData RefCell weak_ptr",
    },
    "types": {
        1.5: "enable_if enable_if_t void_t is_same_v is_base_of_v declval index_sequence make_index_sequence "
        "integer_sequence conditional_t invoke_result_t tuple_element_t metaclass __new__ __init_subclass__ __set_name__ "
        "__getattr__ __getattribute__ __get__ __set__ __class_getitem__ ParamSpec TypeVarTuple "
        "MethodHandles InvocationHandler getDeclaredMethod newProxyInstance proc_macro",
        0.3: "setattr getattr __dict__ __class__",
        0.7: "TypeVar Concatenate __prepare__ __slots__ is_same "
        "decay_t remove_reference_t remove_cvref_t ReturnType Awaited",
    },
}
"""Names of libraries that mean a measure, by weight: only where the code does not define them itself.

Threads and locks have no syntax of their own in most languages. Whoever renames what is theirs does not touch these.
"""


@dataclass(frozen=True, slots=True)
class Roles:
    """One grammar's nodes, by the number that its parser knows each by."""

    flags: dict[int, int]
    marks: Mapping[int, tuple[str, float]]
    """For nodes with `MARK`: what measure, and how much."""
    tokens: dict[int, int]
    """Leaves that mean something: 1 for what names or is a value, else a number of its own for the sign or word."""
    defining: frozenset[int]
    """Fields whose name is defined there."""
    clauses: frozenset[int]
    """Each is one loop of a comprehension."""
    key: int
    """The field of the name that a value is given by."""
    callee: int
    """The field of what is called; 0 when there is none."""
    addresses: frozenset[int]
    """Signs that before an operand take or follow its address."""
    unions: frozenset[int]
    """The signs `|` and `|=`."""
    uniting: frozenset[int]
    """Those, and comments, behind which they may stand."""
    tuples: frozenset[int]
    """Several values in brackets, or brackets around one."""
    literals: frozenset[int]
    """Numbers, characters and texts."""
    questions: frozenset[int]
    """What leaves the function when something is not there, such as Rust's `?`."""
    keywords: Mapping[int, int]
    """Leaves that begin a branch (`BRANCH`) or a loop (`LOOP`), for where the parser found no statement."""


_KEYWORDS: Mapping[int, frozenset[str]] = {
    BRANCH: _words("if unless switch match select catch except when"),
    LOOP: _words("for while until foreach loop do"),
}


def compile_roles(grammar: Grammar, language: TreeLanguage) -> Roles:
    """The table for *grammar*: what holds anywhere, and what its own row says."""
    named: dict[str, int] = {}
    _add(named, ANYWHERE)
    own: dict[int, frozenset[str]] = {
        SKIP: grammar.comments | grammar.embeds,
        BRANCH: grammar.branches,
        LOOP: grammar.loops,
        ARM: grammar.arms,
        CASE: grammar.cases,
        FUNCTION | STATEMENT: grammar.functions & frozenset(grammar.definitions),
        LAMBDA: grammar.functions - frozenset(grammar.definitions),
        NAME: grammar.names,
        CONTAINER: grammar.bodies,
        CHAIN: grammar.chains,
        CALL: grammar.calls,
    }
    for kind in grammar.neutral:
        named.pop(kind, None)
    _add(named, own)
    marks_by_name = {kind: (what, weight) for what, kinds in MARKS.items() for kind, weight in kinds.items()}
    flags: dict[int, int] = {_ERROR: ERROR}
    marks: dict[int, tuple[str, float]] = {}
    tokens: dict[int, int] = {}
    keywords: dict[int, int] = {}
    for number in range(language.node_kind_count):
        kind = language.node_kind_for_id(number) or ""
        if not kind or not language.node_kind_is_visible(number):
            continue
        if language.node_kind_is_named(number):
            flag = named.get(kind, 0)
            if kind in marks_by_name and kind not in grammar.neutral:
                marks[number] = marks_by_name[kind]
                flag |= MARK
            if kind.endswith(("_statement", "_definition", "_declaration")):
                flag |= STATEMENT
            tokens[number] = OPERAND
            if kind.startswith("keyword_") or kind in {
                "else",
                "operator",
                "default_keyword",
                "catch_keyword",
            }:
                tokens[number] = number + _FIRST_SIGN
                flag |= _of_sign(kind.removeprefix("keyword_"), grammar)
            elif kind in _MODIFIERS:
                tokens[number] = number + _FIRST_SIGN
        else:
            flag = _of_sign(kind, grammar)
            if any(c.isalnum() or c in _SIGNS_OF_MEANING for c in kind) and kind not in grammar.silent:
                tokens[number] = number + _FIRST_SIGN
            for role, words in _KEYWORDS.items():
                if kind in words:
                    keywords[number] = role
        if kind in _KEYWORD_MARKS:
            marks[number] = _KEYWORD_MARKS[kind]
            flag |= MARK
        if flag:
            flags[number] = flag
    return Roles(
        flags,
        marks,
        tokens,
        _fields(language, _DEFINING_FIELDS),
        _kinds(language, _CLAUSES),
        language.field_id_for_name("key") or 0,
        language.field_id_for_name("function") or language.field_id_for_name("method") or 0,
        _kinds(language, _ADDRESSES),
        _kinds(language, _UNIONS),
        _kinds(language, _UNIONS | grammar.comments),
        _kinds(language, _TUPLES),
        frozenset(
            number
            for number in range(language.node_kind_count)
            if language.node_kind_is_named(number)
            and ((language.node_kind_for_id(number) or "") in _LITERALS or flags.get(number, 0) & STRING)
        ),
        _kinds(language, _QUESTIONS),
        keywords,
    )


_FIRST_SIGN = 2
_ERROR = 65535
_MODIFIERS = _words("mutable_specifier self super this wildcard_pattern")


def _of_sign(sign: str, grammar: Grammar) -> int:
    flag = 0
    if sign == "else":
        flag |= ELSE
    if sign in grammar.logic:
        flag |= LOGIC
    if sign in _OPERATORS or sign in _ASSIGNMENTS:
        flag |= OPERATOR
    if sign in _BITS or sign in _BIT_ASSIGNMENTS:
        flag |= BITS
    if sign == "<<":
        flag |= SHIFT_LEFT
    if sign in _DOTS:
        flag |= DOT
    if sign in {"=", ":="}:
        flag |= GIVES
    return flag


def _kinds(language: TreeLanguage, names: frozenset[str]) -> frozenset[int]:
    numbers = range(language.node_kind_count)
    return frozenset(number for number in numbers if language.node_kind_for_id(number) in names)


def _fields(language: TreeLanguage, names: tuple[str, ...]) -> frozenset[int]:
    found = (language.field_id_for_name(name) for name in names)
    return frozenset(number for number in found if number is not None)


def _add(to: dict[str, int], flags: Mapping[int, frozenset[str]]) -> None:
    for flag, kinds in flags.items():
        for kind in kinds:
            to[kind] = to.get(kind, 0) | flag
