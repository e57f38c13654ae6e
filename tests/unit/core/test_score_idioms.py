"""One idiom alone is light work: what it is hard for has to be there as well."""

from __future__ import annotations

import pytest

from tests.unit.core.texts import snapshot
from zai_ls.core.complexity import ALONE, combined, counted, score
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import whole

SYNTAX = Syntax()

IDIOMS = {
    "rust async": ("rust", 'async fn get(c: Client) -> R { c.get("/u").await }\n'),
    "javascript async": ("javascript", "async function getUser(id) { return await http.get(`/u/${id}`); }\n"),
    "typescript async": (
        "typescript",
        "async function getUser(id: string): Promise<User> { return await http.get(`/u/${id}`); }\n",
    ),
    "python async": ("python", "async def f(a):\n    return await g(a)\n"),
    "rust lifetime": ("rust", "fn first<'a>(s: &'a str) -> &'a str { s }\n"),
    "arc mutex": ("rust", "struct S { n: Arc<Mutex<u32>> }\n"),
    "go mutex": ("go", "type S struct {\n\tmu sync.Mutex\n\tn int\n}\n"),
    "go pair": ("go", "type Pair[A, B any] struct {\n\tA A\n\tB B\n}\n"),
    "cpp max": ("cpp", "template<class T> T max2(T a, T b) { return a > b ? a : b; }\n"),
    "cpp max typename": ("cpp", "template <typename T>\nT max2(T a, T b) {\n  return a > b ? a : b;\n}\n"),
    "c swap": ("c", "void swap(int *a, int *b) {\n  int t = *a;\n  *a = *b;\n  *b = t;\n}\n"),
    "go swap": ("go", "package p\nfunc swap(a, b *int) {\n\t*a, *b = *b, *a\n}\n"),
    "java sync": ("java", "class A { private int n; synchronized int n() { return n; } }\n"),
    "rust struct3": (
        "rust",
        "struct P {\n    x: Option<Vec<String>>,\n    y: HashMap<String, u32>,\n    z: Box<dyn Fn(u32) -> u32>,\n}\n",
    ),
    "go struct3": ("go", "type T struct {\n\tA map[string]int\n\tB []string\n\tC *T\n}\n"),
    "c struct3": ("c", "struct p {\n  int x;\n  char *name;\n  struct p *next;\n};\n"),
    "cpp struct3": (
        "cpp",
        "struct P {\n  std::vector<int> a;\n  std::map<std::string, int> b;\n  std::unique_ptr<P> c;\n};\n",
    ),
    "typescript iface3": (
        "typescript",
        "interface P {\n  a: Array<string>;\n  b: Record<string, number>;\n  c: string | null;\n}\n",
    ),
    "java rec": ("java", "record P(List<String> a, Map<String, Integer> b, int c) {}\n"),
    "python dataclass": (
        "python",
        "@dataclass\nclass P:\n    a: list[int]\n    b: dict[str, int]\n    c: str | None = None\n",
    ),
    "swift struct": ("swift", "struct P {\n  let a: [String]\n  var b: [String: Int]\n  let c: Int?\n}\n"),
    "kotlin data": ("kotlin", "data class P(val a: List<String>, val b: Map<String, Int>, val c: Int?)\n"),
    "csharp struct": (
        "csharp",
        "struct P {\n  public List<string> A;\n  public Dictionary<string, int> B;\n  public int? C;\n}\n",
    ),
    "kotlin suspend": ("kotlin", "suspend fun get(id: Int) = api.get(id)\n"),
    "csharp async": ("csharp", "class A { async Task<U> Get(int id) { return await http.Get(id); } }\n"),
    "rust Arc atomic": ("rust", "struct C { n: AtomicUsize }\n"),
    "rust generic fn": ("rust", "fn id<T: Clone>(x: &T) -> T { x.clone() }\n"),
    "typescript generic fn": ("typescript", "function id<T>(x: T): T { return x; }\n"),
    "rust unsafe 1": ("rust", "unsafe fn get(p: *const u8) -> u8 { *p }\n"),
    "java vol": ("java", "class A { private volatile int n; }\n"),
    "rust 3conc": (
        "rust",
        "struct S {\n    a: Arc<Mutex<u32>>,\n    b: RwLock<HashMap<String, u8>>,\n    c: mpsc::Sender<u8>,\n}\n",
    ),
    "rust 3life": (
        "rust",
        "struct S<'a> {\n    a: &'a str,\n    b: Box<dyn Fn(&'a str) -> u8 + 'a>,\n    c: AtomicUsize,\n}\n",
    ),
    "go 3": ("go", "type S struct {\n\tmu sync.RWMutex\n\twg sync.WaitGroup\n\tch chan int\n}\n"),
    "cpp 3": (
        "cpp",
        "struct S {\n  std::mutex m;\n  std::condition_variable c;\n  std::atomic<int> n;\n};\n",
    ),
    "cpp 3t": ("cpp", "template <typename T>\nstruct S {\n  T* a;\n  std::vector<T> b;\n  int n;\n};\n"),
    "java 3": (
        "java",
        "class S {\n  private final ReentrantLock l = new ReentrantLock();\n  private volatile int n;\n  private AtomicLong k;\n}\n",
    ),
    "csharp 3": (
        "csharp",
        "class S {\n  private volatile int n;\n  private SemaphoreSlim s;\n  private Dictionary<string, List<int>> d;\n}\n",
    ),
    "kotlin 3": (
        "kotlin",
        "class S<T : Any> {\n  val m = Mutex()\n  @Volatile var n = 0\n  val l = ReentrantLock()\n}\n",
    ),
    "swift 3": (
        "swift",
        "struct S<T: Codable> {\n  let a: [T]\n  let b: UnsafePointer<Int>\n  let c: any P\n}\n",
    ),
    "typescript 3": (
        "typescript",
        "class S<T extends A> {\n  a: Map<string, T>;\n  b: Promise<T>;\n  c: T;\n}\n",
    ),
    "c 3": ("c", "struct s {\n  pthread_mutex_t m;\n  void *p;\n  volatile int **n;\n};\n"),
    "go generic": ("go", "package p\nfunc Map[T, U any](xs []T, f func(T) U) []U {\n\treturn nil\n}\n"),
    "go func": ("go", "package p\nfunc f() {\n\tgo g()\n}\n"),
    "rust swap": ("rust", "fn swap<T>(a: &mut T, b: &mut T) {\n    std::mem::swap(a, b);\n}\n"),
    "python swap": ("python", "def swap(a, i, j):\n    t = a[i]\n    a[i] = a[j]\n    a[j] = t\n"),
    "javascript swap": (
        "javascript",
        "function swap(a, i, j) {\n  const t = a[i];\n  a[i] = a[j];\n  a[j] = t;\n}\n",
    ),
    "cpp swap": (
        "cpp",
        "template <typename T>\nvoid swap(T& a, T& b) {\n  T t = a;\n  a = b;\n  b = t;\n}\n",
    ),
}


def value(language: str, text: str) -> float:
    document = snapshot(text, language, uri=f"file:///idiom/{language}")
    SYNTAX.forget(document.uri)
    return score(document, whole(document.lines), SYNTAX).value


@pytest.mark.parametrize("name", IDIOMS)
def test_one_idiom_is_light_work(name):
    """One `await`, one type for any, a lock among the fields, a swap."""
    assert value(*IDIOMS[name]) < 0.3


@pytest.mark.parametrize("measure", ALONE)
def test_company_makes_it_count(measure):
    """And much of it counts by itself; more of either is never less."""
    amounts = [0.5 * n for n in range(60)]
    for company in (0.0, 1.0, 3.0, 5.0):
        values = [combined({measure: amount, "branching": company}).value for amount in amounts]
        assert values == sorted(values)
    by_company = [counted({measure: 1.5, "branching": company})[measure] for company in amounts]
    assert by_company == sorted(by_company)
    assert by_company[0] < 0.6
    assert by_company[-1] == 1.5
    assert combined({measure: 13.0}).value > 0.7
