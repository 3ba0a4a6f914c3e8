#!/usr/bin/env python3
"""Verifies the record of a Lifeboat run without Lifeboat: Python 3.9 or newer, no package, no network.

  python3 verify.py [DIR|FILE.jsonl]... [--checkpoint FILE] [--key HEX]... [--json]

DIR is a run's folder, an unpacked bundle, or a folder of runs (default: the folder of this file).
--checkpoint gives one kept outside the computer that wrote the record, --key a public key that you know from
elsewhere. Exit code: 0 consistent, signed and anchored to the end; 1 consistent, with the limits named in the
report; 2 tampered with or corrupt; 3 could not be verified. The worst counts.

We promise: any change, deletion, reordering or insertion in the part covered by a checkpoint you hold outside
this machine is detected. Without one, we detect accidental damage and edits that do not recompute the chain.
No Azure action is sent before its intent is on storage the operating system reports as durable. Entries shown
as saved survive a crash of the app; they survive power loss if the drive honours flush.
We do not promise: that entries are true or complete when a person, a modified app, or malware in your session
writes them; detection of truncation or rewriting after the last outside checkpoint; legal non-repudiation;
correct time beyond your clock, Azure's response dates and optional timestamps; protection from someone
controlling this machine and every anchor; that nobody acted outside this tool; compliance.
"""
import argparse, json, re, sys
from collections import Counter
from pathlib import Path
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
try:
    from format import (PREFIX, U64, Checkpoint, Tree, checkpoint_in, contents, ed25519, fingerprint, held,
                        is_text, lines, manifest, read, record_in, segments, targets, torn, unhex, visible)
except ImportError as e:
    sys.exit(print("Could not be verified: format.py is to lie beside verify.py (%s)" % e) or 3)

VERDICTS = {"whole": (0, "consistent, signed, and anchored to its end"),
            "limited": (1, "consistent, with the limits named above"),
            "unverifiable": (3, "could not be verified"), "broken": (2, "TAMPERED WITH OR CORRUPT")}
KEPT = "[0-9a-f]{16}-[A-Za-z0-9._-]{0,60}(?<![.]part)"  # names of files of evidence

class Log:
    """A walk over a log's files in order. It goes on behind damage, so that all of it is counted."""
    def __init__(self, whole, pinned):
        self.whole, self.pinned, self.log, self.newer = whole, pinned, None, None
        self.last, self.next = "0" * 64, 0
        self.tree, self.intact, self.skipped, self.count = Tree(), True, False, Counter()
        self.made = set()  # where checkpoints that left were taken: behind recorded ones, or withheld records
        self.breaks, self.keys, self.named, self.signed_to, self.seen = [], [], [], 0, []
        self.open, self.doubtful = [], []  # steps whose intent has no result; those of which nobody knows
    def broken(self, why):
        self.intact = False  # behind a break no root means anything
        self.count["breaks"] += 1
        if len(self.breaks) < 20:
            self.breaks.append({"file": self.file, "line": self.line, "seq": self.next, "why": why})
    def walk(self, files):
        heads = [read(next(lines(data), (0, b""))[1])[0] for _, data in files]
        # One begun after a failed write says from which number on what stands before was written again.
        begun = lambda e: e and e["kind"] == "log.segment" and e["d"].get("cause") == "failed_write"
        again = [e["seq"] if begun(e) else U64 for e in heads] + [U64]
        # Only the end of a log can be torn: the last file really begun, and those that were to follow it.
        live = max((i for i, e in enumerate(heads) if e), default=0)
        for i, (self.file, data) in enumerate(files):
            self.walk_file(data, min(again[i + 1:]), i >= live)
    def walk_file(self, data, cut, may_be_torn):
        sound_to = 0  # up to here a torn tail has been ruled out
        for self.line, (at, line) in enumerate(lines(data) if self.newer is None else (), 1):
            e, h = read(line)
            if e and e["seq"] >= cut:
                self.count["left_records"] += 1
            elif e and e["v"] != 1:
                self.newer = e["v"]
                return
            elif e:
                self.record(e, h)
            elif self.next >= cut:
                self.count["left_bytes"] += len(line)
            elif self.log is not None and re.fullmatch(b'{"h":"[0-9a-f]{64}"}\n', line):
                self.count["withheld"] += 1  # from this copy; it keeps its place in the chain and in the tree
                self.takes_its_place(line[6:70].decode(), True)
            else:
                others = (place for place, other in lines(data, at) if not torn(other, self.next))
                against = next(others, None) if may_be_torn and at >= sound_to else -1
                if against is None:
                    self.count["torn_bytes"] += len(data) - at
                    return
                sound_to, self.skipped = max(sound_to, against + 1), True
                self.broken("this is no record, or it was changed: its hash does not fit")
    def record(self, e, h):
        d, kind, cause = e["d"], e["kind"], e["d"].get("cause")
        if self.log is None and not self.whole and e["seq"] > 0:  # from the middle: held against itself only
            self.count["start"], self.next, self.last, self.intact = e["seq"], e["seq"], e["prev"], False
        self.log = e["log"] if self.log is None else self.log
        if e["log"] != self.log or e["run"] != self.log:
            return self.broken("the record belongs to another log, " + e["log"])
        # After a bad line a gap is that line's; it has been reported.
        after_damage, self.skipped = self.skipped and e["seq"] > self.next, False
        if not after_damage and (e["seq"] != self.next or e["prev"] != self.last):
            self.broken("record %d does not follow: missing, repeated, changed or out of order" % e["seq"])
        if e["seq"] < self.next:
            return
        if self.whole and e["seg"] != self.file:
            self.broken("the record belongs to file %d" % e["seg"])
        noted = kind == "log.segment" and is_text(cause) and cause != "failed_write"
        if noted or kind == "log.key" and not self.key(d) or \
                kind in ("log.checkpoint", "log.anchor") and self.intact and not self.checkpoint(kind, d):
            self.broken("%s: damage before this file, or a root, key or signature that does not hold" % kind)
        self.next = e["seq"]
        self.takes_its_place(h, kind == "log.checkpoint")
        self.tells(kind, e.get("step") or "", d)
    def takes_its_place(self, h, made):  # as the link of the chain and a leaf of the tree
        self.last, self.next = h, min(self.next + 1, U64 - 1)
        self.count["records"] += 1
        if self.intact:
            self.tree.push(bytes.fromhex(h))
            self.made |= {self.tree.size} if made else set()
    def checkpoint(self, kind, d):
        """Whether a recorded checkpoint holds, or one that left with the signatures that came back."""
        try:
            c = Checkpoint(d["note"] if is_text(d.get("note")) else "")
        except ValueError:
            return False
        good = c.log == self.log and c.size <= self.tree.size and c.root == self.tree.root(c.size)
        keys = [key for key, _, _ in self.keys]
        if kind == "log.anchor":  # one of those made of the records before it
            good = good and c.size in self.made and is_text(d.get("outcome", "")) and c.holds(keys)
            self.seen += c.seen() if d.get("outcome") == "held" and good else []
            return good
        good = good and c.size == self.tree.size and (not keys or bool(c.signed_by(keys[-1])))
        self.count.update(checkpoints=good, signed=good and bool(self.keys))
        self.signed_to = c.size if good and self.keys else self.signed_to
        return good
    def key(self, d):
        """Takes a key that the log names; False: it does not hold."""
        new, old, kept, by_old, by_new = map(d.get, ("key", "old", "kept", "signed_by_old", "signed_by_new"))
        key, before = unhex(new, 32), self.keys[-1][0] if self.keys else b""
        good = key and kept in ("keyring", "memory")
        good = good and all(t is None or is_text(t) for t in (by_old, by_new))
        if d.get("event") == "rotated" and before:
            text = b"lifeboat-key-rotation-1\n%s\n%s\n" % (before.hex().encode(), key.hex().encode())
            good = good and unhex(old, 32) == before and ed25519(key, text, unhex(by_new, 64))
            good = good and (by_old is None or ed25519(before, text, unhex(by_old, 64)))
        else:
            good = good and d.get("event") == "used" and not before and (old is None or unhex(old, 32))
        self.keys += [(key, kept, bool(before) and by_old is not None)] if good else []
        return good
    def tells(self, kind, step, d):
        self.count[kind] += 1
        file, sha = d.get("file"), d.get("sha256")
        if kind == "evidence.add" and len(self.named) < 4096 and is_text(file) and file and is_text(sha):
            self.named.append((file, sha, None))
        elif kind == "action.intent":
            self.open.append(step)
        elif kind == "action.reconciled" and step in self.doubtful:
            self.doubtful.remove(step)
        elif kind in ("action.result", "action.reconciled", "action.indeterminate") and step in self.open:
            self.open.remove(step)  # one of the step's; another that never ended stays in doubt
            self.doubtful += [step] if kind == "action.indeterminate" else []
    def compare(self, c):
        """What a checkpoint from elsewhere says about the log."""
        if c is None or self.log not in (None, c.log):
            return {"other_log": {"log": c.log}} if c else "none"
        if c.size > self.tree.size:
            shorter = {"shorter": {"size": c.size, "records": self.count["records"]}}
            return shorter if self.intact and self.newer is None else "not_comparable"
        root = self.tree.root(c.size)
        differs = {"differs": {"size": c.size, "expected": c.root.hex(), "found": root.hex()}}
        return {"agrees": {"size": c.size}} if root == c.root else differs
    def signed(self, outside):
        """Signatures name a key; whose it is says one known from elsewhere, or one it vouches for."""
        by = [outside.signed_by(k[0]) for k in self.keys if outside.log == self.log] if outside else []
        if not self.keys or False in by and True not in by:
            return "outside_wrong" if self.keys else "missing" if self.pinned else "no_key"
        known = False
        for key, _, vouched in self.keys:  # the last one signed that it follows those before it
            known = key in self.pinned or known and vouched
        alone = "ephemeral" if "memory" in (kept for _, kept, _ in self.keys) else "unpinned"
        vouching = {"pinned": {"of": "given with --key"}} if known else "other_key" if self.pinned else alone
        return {"by": dict(key=fingerprint(key), keys=len(self.keys), checkpoints=self.count["signed"],
                           to=self.signed_to, vouching=vouching)}

def examine(path, outside, pinned):
    """The report on a run's folder, an unpacked bundle, or one file."""
    whole, folder, beside = path.is_dir(), record_in(path), None
    if whole and not folder:
        raise ValueError("there is no record of a run in it")
    number = re.fullmatch("([0-9]{6,18})[.]jsonl", path.name)
    files = segments(folder) if whole else [(int(number[1]) or 1 if number else 1, path)]
    files = [(n, contents(file)) for n, file in files]
    try:
        beside = checkpoint_in(folder / "checkpoint") if whole else None
    except (OSError, ValueError):
        pass  # accidents left it so; that is no reason to call the log broken
    log = Log(whole, pinned)
    log.walk(files)
    own = [key for key, _, _ in log.keys]  # which are nobody else
    seen = max((s for s in log.seen if s[2] in pinned and s[2] not in own), key=lambda s: s[0], default=None)
    names = "records start checkpoints left_records left_bytes withheld torn_bytes".split()
    r = dict({name: log.count[name] for name in names}, log=log.log or "", segments=len(files),
             root=log.tree.root(log.tree.size).hex() if log.intact and log.tree.size else None,
             breaks=log.breaks, break_count=log.count["breaks"], newer_format=log.newer,
             signed=log.signed(outside),
             anchor=log.compare(outside), beside=log.compare(beside), evidence=log.count["evidence.add"],
             indeterminate=sorted(log.open + log.doubtful), recovered=log.count["log.recovered"],
             rotated=log.count["log.segment"], seen=seen and dict(size=seen[0], at=seen[1]),
             evidence_files=held(path / "evidence", log.named, KEPT) if whole else None,
             manifest=manifest(path) if whole and folder != path else None)
    return dict(r, verdict=verdict(r, [data[:6] for _, data in files], bool(log.named)))
def verdict(r, starts, named):
    contradicted = any(name in a for a in (r["anchor"], r["beside"]) for name in ("differs", "shorter"))
    if not r["records"] and not any(s.startswith(PREFIX) for s in starts):
        # Not one line that was ever a record's. An emptied log was cut; anything else is another file.
        return "broken" if contradicted and all(PREFIX.startswith(s) for s in starts) else "unverifiable"
    if r["break_count"] or contradicted:
        return "broken"
    by = r["signed"]["by"] if isinstance(r["signed"], dict) else {"vouching": r["signed"]}
    nobody = by["vouching"] in ("other_key", "outside_wrong", "missing")
    if r["newer_format"] is not None or "other_log" in r["anchor"] or nobody:
        return "unverifiable"
    files, listed = r["evidence_files"], r["manifest"] or {"missing": [], "altered": []}
    if files and files["altered"]:
        return "broken"
    limits = r["torn_bytes"] or r["withheld"] or listed["missing"] or listed["altered"]
    limits = limits or (files["missing"] if files else named) or not isinstance(by["vouching"], dict)
    # The last checkpoint stands in the record behind those that it covers.
    whole = r["anchor"] == {"agrees": {"size": r["records"]}} and not limits and by["to"] + 1 >= r["records"]
    return "whole" if whole else "limited"

WORDS = {"none": "none given", "agrees": "it fits the first {size} records",
         "differs": "NO: its {size} records have another root", "not_comparable": "not compared: no root",
         "shorter": "NO: it covers {size} records, the log has {records}: its end is missing",
         "other_log": "NO: it is of another log, {log}", "no_key": "no key: the record is not signed",
         "missing": "NOT at all, though a key was asked for", "other_key": "NOT the key that was asked for",
         "outside_wrong": "NO: the signature on the checkpoint that was given does not hold",
         "by": "{checkpoints} checkpoints, the newest over {to} records, by key {key}, the last of {keys}; ",
         "pinned": "pinned ({of})", "unpinned": "not pinned: only the record itself names it",
         "ephemeral": "not pinned, and nobody can: kept in memory only"}
def words(said):
    name, values = next(iter(said.items())) if isinstance(said, dict) else (said, {})
    return WORDS[name].format(**values) + (words(values["vouching"]) if "vouching" in values else "")
def files(found):
    return "not checked" if found is None else "%d as said; missing: %s; ALTERED: %s" % (
        found["same"], *(", ".join(found[what][:9]) or "none" for what in ("missing", "altered")))
def text(r):
    """The report in words: verdicts, never one green tick."""
    beyond = r["records"] - (r["anchor"]["agrees"]["size"] if "agrees" in r["anchor"] else 0)
    chain = f"NO: {r['break_count']} breaks" if r["break_count"] else \
        "not checked: no record of a known format" if not r["records"] or r["newer_format"] is not None else \
        f"hashes, chain and tree; root {r['root']}" if r["root"] else f"hashes and chain from {r['start']} on"
    seen = "{size} records, {at} s after 1970".format(**r["seen"]) if r["seen"] else "by nobody known"
    rows = [("Log", f"{r['log']}: {r['records']} records in {r['segments']} files"), ("Consistent", chain),
            *(("  file %(file)d, line %(line)d, for record %(seq)d" % b, b["why"]) for b in r["breaks"]),
            ("Withheld", f"{r['withheld']} records: their hashes are there, their content is not"),
            ("Signed", words(r["signed"])), ("Anchored", words(r["anchor"])),
            ("Checkpoint beside it", words(r["beside"])), ("Seen, as recorded", seen),
            ("Unanchored tail", f"{beyond} records: rewriting or cutting them off would not show"),
            ("Indeterminate actions", ", ".join(r["indeterminate"]) or "none"),
            ("Gaps and recoveries", ", ".join(f"{r[name]} {name.replace('_', ' ')}" for name in (
                "torn_bytes", "recovered", "rotated", "left_records", "left_bytes"))),
            ("Evidence", files(r["evidence_files"])), ("Manifest", files(r["manifest"])),
            ("Not checked here", "clock, Activity Log"), ("Verdict", VERDICTS[r["verdict"]][1])]
    return "\n".join(f"{name}: {visible(what)}" for name, what in rows)

def main(args):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.error = lambda why: sys.exit(print(f"Could not be verified: {visible(why)}; see --help") or 3)
    parser.add_argument("paths", nargs="*", default=[Path(__file__).resolve().parent], type=Path)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--key", action="append", default=[], type=lambda k: unhex(k, 32) or int("no key"))
    parser.add_argument("--json", action="store_true")
    given, outside, problems, logs = parser.parse_args(args), None, [], []
    try:
        outside = checkpoint_in(given.checkpoint) if given.checkpoint else None
    except (OSError, ValueError) as e:
        problems.append(f"{given.checkpoint} is not a checkpoint: {e}")
    paths = [target for path in given.paths for target in targets(path)]
    for path in paths:
        try:
            r = examine(path, outside, given.key)
            # Of several logs the checkpoint is for one; the others are judged without it.
            r = examine(path, None, given.key) if "other_log" in r["anchor"] and len(paths) > 1 else r
            logs.append({"path": str(path), "report": r})
        except Exception as e:  # whatever stands there, it was not verified, and a traceback helps nobody
            problems.append(f"{path}: {e} ({type(e).__name__})")
    if outside and all(log["report"]["anchor"] == "none" for log in logs):
        problems.append("no log here is the one of the checkpoint, " + outside.log)
    verdicts = [log["report"]["verdict"] for log in logs] + ["unverifiable"] * bool(problems)
    worst = max(verdicts, key=list(VERDICTS).index)
    if given.json:
        said = dict(version=1, verdict=worst, exit_code=VERDICTS[worst][0], problems=problems, logs=logs)
        print(json.dumps(said, indent=1))
    else:
        print(*(f"{visible(log['path'])}\n{text(log['report'])}\n" for log in logs), sep="\n")
        print(*(f"Could not be verified: {visible(problem)}" for problem in problems), sep="\n")
        print(f"All {len(logs)} logs: {VERDICTS[worst][1]}", end="\nNOT PROVEN by any of this: ")
        print(__doc__.split("promise: ")[2])
    return VERDICTS[worst][0]
if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
