"""How often our reading of a robots.txt differs from Google's own parser, over generated and given files.

    pip install jwm.robotstxt && python -m benchmarks.robots [FOLDER] [--files 4000] [--seed 1]

`jwm.robotstxt` binds Google's C++ parser (google/robotstxt). The generated files are drawn from a grammar of what
real ones hold: names with digits, groups torn apart by unknown lines, missing colons, comments, wildcards, escapes,
every line end. FOLDER holds robots.txt files of your own, one a file. Each file is asked about a dozen addresses for
three crawlers. Both sides answer the same text; where they differ, the first few are shown. No file says `%7E`: there
RFC 9309 §2.2.2 has it equal to `~`, as we do and Google does not.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from jwm.robotstxt.googlebot import RobotsMatcher

from pipeline.crawl.robots import parse_robots
from pipeline.web.urls import fetch_form

SITE = "http://news.example.cn"
AGENTS = ("zh-article-corpus", "FooBot", "news")
NAMES = (
    "*",
    "*",
    "*",
    "zh-article-corpus",
    "zh-article-corpus/0.1",
    "ZH-Article-Corpus",
    "zh-article-corpus-news",
    "FooBot",
    "foobot",
    "Baiduspider",
    "360Spider",
    "008",
    "news",
    "* (all)",
    "*all",
    "",
    "Sogou web spider",
    "百度蜘蛛",
    "/bot",
)
AGENT_KEYS = ("User-agent",) * 12 + ("user-agent", "USER-AGENT", "Useragent", "User agent")
RULE_KEYS = ("Disallow",) * 8 + ("Allow",) * 5 + ("disallow", "allow", "Disalow", "Dissallow")
OTHERS = (
    "Crawl-delay: 5",
    "Crawl-delay: 5s",
    "Sitemap: http://news.example.cn/sitemap.xml",
    "Host: news.example.cn",
    "Noindex: /a",
    "Clean-param: ref /a",
    "Request-rate: 1/5",
    "Content-Signal: ai-train=no",
    "Visit-time: 0100-0500",
    "junk",
    "<p>",
    "# a comment",
    "",
    "",
)
PATHS = (
    "/",
    "",
    "/a",
    "/a/",
    "/a/b",
    "/a*",
    "/*.html$",
    "/*.html",
    "/a/*/c",
    "/*?",
    "/*?*id=",
    "*",
    "*/c",
    "/a$",
    "/$",
    "/a/index.html",
    "/index.html",
    "/%E6%96%B0",
    "/%e6%96%b0",
    "/新",
    "/a%2Fb",
    "/a b",
    "a",
    "/a;b",
    "/~u",
    "/a%24b",
    "/index.htm",
    "http://news.example.cn/a",
    "/a**b",
    "/a$b",
)
ASKED = (
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/a/x/c",
    "/a.html",
    "/b.html?id=1",
    "/b/c?x=2",
    "/%E6%96%B0/1.html",
    "/a%2Fb/1",
    "/~u/1",
    "/index.html",
)
ENDS = ("\n",) * 8 + ("\r\n",) * 3 + ("\r", "\n\n", "\r\r\n")


def generated(chance: random.Random) -> str:
    """One robots.txt."""
    lines = []
    for _ in range(chance.randint(2, 24)):
        kind = chance.random()
        if kind < 0.3:
            lines.append(_line(chance, chance.choice(AGENT_KEYS), chance.choice(NAMES)))
        elif kind < 0.8:
            lines.append(_line(chance, chance.choice(RULE_KEYS), chance.choice(PATHS)))
        else:
            lines.append(chance.choice(OTHERS))
    end = chance.choice(ENDS)
    return ("\ufeff" if chance.random() < 0.05 else "") + end.join(lines) + chance.choice(("", end))


def _line(chance: random.Random, key: str, value: str) -> str:
    colon = chance.choice((": ",) * 10 + (":", " : ", ":\t", " ", ":  "))
    before = chance.choice(("",) * 10 + (" ", "\t"))
    after = chance.choice(("",) * 10 + (" ", " # why", "#why", "\t"))
    return f"{before}{key}{colon}{value}{after}"


def differences(text: str, told: Counter[str]) -> Iterator[str]:
    """Where the two differ on one file; `told` counts decisions and seconds."""
    for agent in AGENTS:
        began = time.process_time()
        ours = parse_robots(text.encode("utf-8", "surrogatepass"), f"{agent}/0.1")
        mine = [ours.allows(SITE + path) for path in ASKED]
        told["ours us"] += round((time.process_time() - began) * 1e6)
        began = time.process_time()
        google = [
            RobotsMatcher().OneAgentAllowedByRobots(text, agent, fetch_form(SITE + path) or "")
            for path in ASKED
        ]
        told["google us"] += round((time.process_time() - began) * 1e6)
        told["decisions"] += len(ASKED)
        for path, one, other in zip(ASKED, mine, google, strict=True):
            if one != other:
                told["stricter" if other else "laxer"] += 1
                yield f"{agent} {path}: we say {one}, Google {other}"


def main() -> None:
    """Print the share of decisions that differ, which way, and the first files in which they do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=5)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    groups: dict[str, list[str]] = {"generated": [generated(chance) for _ in range(args.files)]}
    if args.folder:
        found = sorted(each for each in args.folder.rglob("*") if each.is_file())
        groups["given"] = [each.read_bytes().decode("utf-8", "replace") for each in found]
    for name, texts in groups.items():
        told: Counter[str] = Counter()
        shown = 0
        for text in texts:
            found_here = list(differences(text, told))
            if found_here and shown < args.show:
                shown += 1
                print("\n".join([repr(text[:600]), *found_here[:4], ""]))
        wrong = told["stricter"] + told["laxer"]
        print(
            f"{name}: {len(texts)} files, {told['decisions']:,} decisions, {wrong} differ"
            f" ({wrong / max(told['decisions'], 1):.3%}: {told['stricter']} stricter, {told['laxer']} laxer);"
            f" CPU {told['ours us'] / max(told['google us'], 1):.0f} times Google's"
        )


if __name__ == "__main__":
    main()
