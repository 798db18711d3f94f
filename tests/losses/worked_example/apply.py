"""Applies the worked example of losses/README.md to copies of the files that it names.

    apply.py ROOT OUTPUT

Writes losses/softmax.{h,cpp}, losses/registry.cpp and golden_test.cpp below OUTPUT.
"""

import re
import sys
from pathlib import Path


def main():
    root, output = map(Path, sys.argv[1:])
    header, source, line, test = re.findall(r"```cpp\n(.*?)```", (root / "losses/README.md").read_text(), re.DOTALL)
    (output / "losses").mkdir(parents=True, exist_ok=True)
    for text in (header, source):
        path = re.match(r"// (losses/\S+)\n", text).group(1)
        (output / path).write_text(text)

    registry = (root / "losses/registry.cpp").read_text()
    include, end_of_table = '#include "losses/pointwise.h"\n', "  };\n  return table;\n}\n\nusing Activation"
    assert include in registry and end_of_table in registry
    registry = registry.replace(include, include + '#include "losses/softmax.h"\n')
    registry = registry.replace(end_of_table, line + end_of_table)
    (output / "losses/registry.cpp").write_text(registry)

    golden = (root / "tests/losses/golden_test.cpp").read_text()
    first_test = "TEST(Golden, ListNet) {"
    assert first_test in golden
    (output / "golden_test.cpp").write_text(golden.replace(first_test, test + "\n" + first_test))


main()
