from __future__ import annotations

import pytest

from zai_ls.core.tokens import estimate

PYTHON = '''def parse_args(self, args=None, namespace=None):
    """Parse arguments, and complain about those that nobody knows."""
    args, argv = self.parse_known_args(args, namespace)
    if argv:
        msg = _('unrecognized arguments: %s')
        self.error(msg % ' '.join(argv))
    return args
'''
TYPESCRIPT = """export interface RequestOptions {
  readonly timeoutMs?: number;
  headers: Record<string, string>;
}

export async function fetchJson<T>(url: string, options: RequestOptions): Promise<T> {
  const response = await fetch(url, { headers: options.headers });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()) as T;
}
"""
CPP = """template <typename T>
inline std::size_t count_if_not_null(const std::vector<T*>& items) {
    std::size_t n = 0;
    for (auto it = items.begin(); it != items.end(); ++it) {
        if (*it != nullptr) { ++n; }
    }
    return n;
}
"""
JSON = '{"name":"zai","version":"1.2.3","files":["a.ts","b.ts"],"limits":{"max":131072,"min":0}}'
CHINESE = "这个函数读取文件并返回所有行。如果文件不存在，就抛出异常。"
OPAQUE = (
    "9bFlIkpYt5HfavHYMD5hzcS7hsPRxCcQPDRMQYnrLx571dR+RG/OwqPYEXNhEOV4G8zOppZ2LmEWxunJ"
    "LZm/NYwuBxiCLOR8qMdBB+ZssOSys/TVjYLKY4bSyW52DoGbhckkw1lxZMSmBYoAWBoisi3lBHJDPS5E"
)


@pytest.mark.parametrize(
    ("text", "counted"),
    [(PYTHON, 66), (TYPESCRIPT, 79), (CPP, 70), (JSON, 33), (OPAQUE, 105)],
    ids=["python", "typescript", "c++", "json", "opaque"],
)
def test_estimates_are_within_a_fifth(text: str, counted: int) -> None:
    """A tokenizer of the same family counted these."""
    assert estimate(text) == pytest.approx(counted, rel=0.2)


def test_chinese_is_dense() -> None:
    """A vocabulary made for Chinese spends less than a token a character, and more than half of one."""
    assert 0.5 < estimate(CHINESE) / len(CHINESE) < 0.9


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("x", 1), ("\n", 1), ("-" * 80, 3)])
def test_little_texts(text: str, tokens: int) -> None:
    """Nothing costs nothing, and a ruler of dashes costs little."""
    assert estimate(text) == tokens


def test_a_factor_corrects() -> None:
    """What the service counted for the like before is put on top."""
    assert estimate(PYTHON * 10, 1.5) == pytest.approx(1.5 * estimate(PYTHON * 10), abs=1)


def test_the_parts_are_about_the_whole() -> None:
    """A budget may be spent block by block."""
    assert sum(map(estimate, [PYTHON] * 20)) == pytest.approx(estimate(PYTHON * 20), rel=0.05)


@pytest.mark.parametrize(
    "text", ["\n" * 200_000, " " * 200_000, "a" * 200_000, "_" * 200_000, "é" * 200_000, "#" * 200_000]
)
def test_no_text_takes_long(text: str) -> None:
    """The pattern has no case in which it looks at the same characters again and again."""
    assert 0 < estimate(text) <= 200_000
