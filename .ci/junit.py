"""Turns what cargo test, wasm-bindgen-test or node --test printed into a JUnit report, as GitLab shows it.

    .ci/junit.py <LOG >REPORT.xml

Of libtest it reads `test NAME ... ok` and the sections `---- NAME stdout ----`, of TAP the innermost subtests.
"""

import re
import sys
from xml.etree import ElementTree

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# XML has no place for most control characters.
CONTROL = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Case:
    def __init__(self, group, name, outcome):
        self.group, self.name, self.outcome, self.seconds, self.why = group, name, outcome, 0.0, []


def libtest(lines):
    """The binary that runs, then its tests; what failed ones printed comes at the end of each binary."""
    group, cases, section = "tests", {}, None
    for line in lines:
        if found := re.match(r"\s*(?:Running|Doc-tests) (?:unittests )?([^\s(]+)", line):
            group, section = found[1], None
        elif found := re.match(r"test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|FAIL|ignored)", line):
            outcome = {"ok": "ok", "ignored": "skipped"}.get(found[2], "failed")
            cases[group, found[1]] = Case(group, found[1], outcome)
        elif found := re.match(r"---- (\S+) (?:stdout|output) ----", line):
            section = cases.get((group, found[1]))
        elif re.match(r"(failures:|test result:)", line):
            section = None
        elif section:
            section.why.append(line)
    return list(cases.values())


def tap(lines):
    """A subtest is announced, then come its own subtests, further indented, then its result and details."""
    path, parents, cases, last = [], set(), [], None
    for line in lines:
        if found := re.match(r"( *)# Subtest: (.*)", line):
            depth = len(found[1]) // 4
            path = path[:depth] + [found[2]]
            parents.add(tuple(path[:depth]))
            last = None
        elif found := re.match(r"( *)(not )?ok \d+ - (.*?)( # (?:SKIP|TODO).*)?$", line):
            depth = len(found[1]) // 4
            whole = tuple(path[:depth]) + (found[3],)
            last = None
            if whole not in parents:
                last = Case(" › ".join(whole[:-1]) or "tests", found[3], "failed" if found[2] else "ok")
                if found[4]:
                    last.outcome = "skipped"
                cases.append(last)
        elif last and re.match(r" *\.\.\.$", line):
            last = None
        elif last and (found := re.match(r" *duration_ms: ([\d.]+)", line)):
            last.seconds = float(found[1]) / 1000
        elif last and last.outcome == "failed" and line.strip() != "---":
            last.why.append(line)
    return cases


def report(cases):
    root = ElementTree.Element("testsuites")
    for group in dict.fromkeys(case.group for case in cases):
        own = [case for case in cases if case.group == group]
        suite = ElementTree.SubElement(
            root, "testsuite", name=group, tests=str(len(own)),
            failures=str(sum(case.outcome == "failed" for case in own)),
            skipped=str(sum(case.outcome == "skipped" for case in own)),
        )
        for case in own:
            element = ElementTree.SubElement(
                suite, "testcase", classname=group, name=CONTROL.sub("", case.name), time=f"{case.seconds:.3f}"
            )
            if case.outcome == "failed":
                ElementTree.SubElement(element, "failure", message="failed").text = CONTROL.sub("", "\n".join(case.why))
            elif case.outcome == "skipped":
                ElementTree.SubElement(element, "skipped")
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def main():
    lines = [COLOURS.sub("", line.rstrip("\n")) for line in sys.stdin]
    print(report(libtest(lines) + tap(lines)))


main()
