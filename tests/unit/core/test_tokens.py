from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls.core.tokens import Calibration, calibrated, estimate

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


# -- calibration ------------------------------------------------------------------------------------------------


def after(*ratios: float, counted: int = 1_000) -> Calibration:
    """What so many requests lead to, each with the service's count over ours."""
    known = Calibration()
    for ratio in ratios:
        known = calibrated(known, counted, round(counted * ratio))
    return known


def test_a_few_requests_are_needed_before_the_factor_counts() -> None:
    """One odd file does not change what all others are thought to be."""
    assert [after(*[1.2] * n).in_force for n in range(5)] == [1.0] * 5
    assert after(*[1.2] * 5).in_force == pytest.approx(1.2)


def test_the_factor_is_a_moving_average() -> None:
    """The first ten weigh the same; then the newest weighs a tenth."""
    assert after(1.0, 1.2, 1.4).factor == pytest.approx(1.2)
    assert after(*[1.0] * 50, 1.5).factor == pytest.approx(1.05)
    assert after(*[0.8] * 20, *[1.2] * 60).factor == pytest.approx(1.2, abs=0.01)


@pytest.mark.parametrize(("ratio", "factor"), [(9.0, 2.0), (0.1, 0.5), (2.0, 2.0), (1.0, 1.0)])
def test_the_factor_stays_within_bounds(ratio: float, factor: float) -> None:
    """What is farther off was counted over something else."""
    assert after(*[ratio] * 9).factor == factor
    assert after(1.0, ratio).factor == pytest.approx((1 + factor) / 2), "one odd request weighs no more"


@pytest.mark.parametrize(("counted", "reported"), [(199, 400), (1_000, 0), (0, 50)])
def test_what_tells_nothing_changes_nothing(counted: int, reported: int) -> None:
    """Short prompts, and a service that does not count."""
    known = after(1.2, 1.2)
    assert calibrated(known, counted, reported) is known


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**7)), max_size=40))
def test_no_history_leads_out_of_bounds(history) -> None:
    """Whatever services report."""
    known = Calibration()
    for counted, reported in history:
        known = calibrated(known, counted, reported)
        assert 0.5 <= known.factor <= 2.0
        assert known.in_force in {1.0, known.factor}
