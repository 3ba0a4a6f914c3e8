#!/usr/bin/env python3
"""Verifies the record of a Lifeboat run without Lifeboat: Python 3.9 or newer, no package, no network.

A path is a run's folder, an unpacked bundle, a folder of runs, or a file of a record (default: the folder of this
file); a checkpoint kept outside the computer that wrote it and a key that you know from elsewhere say more. Exit
code: 0 consistent, signed, and anchored to the end; 1 consistent, with limits that are named; 2 tampered with or
corrupt; 3 could not be verified; the worst counts. README.txt says what is promised and what is not."""
import argparse, base64, collections, functools, hashlib, itertools, json, os, pathlib, re, sys
MAX_BODY, MAX_DEPTH, PREFIX, LINE, U64 = 65536, 33, b'{"r":', re.compile(b"[^\n]*\n|[^\n]+"), 1 << 64
KEPT, LISTED = r"(?a)[0-9a-f]{16}-[\w.-]{0,60}(?<![.]part)", r"(?a)(\w[\w.-]*/)?\w[\w.-]*"  # names of files
OK, LIMITED, UNVERIFIABLE, BROKEN = range(4)  # how bad a row of the report is; the worst is the verdict
VERDICTS = {"whole": "consistent, signed, and anchored to its end", "limited": "consistent, with the limits above",
            "unverifiable": "could not be verified", "broken": "TAMPERED WITH OR CORRUPT"}
LEVELS, EXIT_CODES, RETRY = list(VERDICTS), (0, 1, 3, 2), "failed_write"

def sha256(*parts): return hashlib.sha256(b"".join(parts)).digest()
def is_text(value): return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)
def fingerprint(key): return re.sub("(.{4})(?=.)", r"\1-", sha256(key).hex()[:20])
def visible(text): return "".join(c if c.isprintable() else "\\u{%x}" % ord(c) for c in text)  # to a terminal
def unhex(text, size):
    return bytes.fromhex(text) if is_text(text) and re.fullmatch("[0-9a-fA-F]{%d}" % (2 * size), text) else b""
def unbase64(text):  # if this is the one way to write the bytes
    good = re.fullmatch("([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]([AQgw]=|[A-Za-z0-9+/][AEIMQUYcgkosw048])=)?", text)
    return base64.b64decode(text) if good else b""

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P  # Ed25519 (RFC 8032), not in constant time, for there is no secret here
def add(p, q):
    a, b, c, d = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0]), 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P
def point(raw):  # None of an encoding that is not canonical or not on the curve
    sign, y = raw[31] >> 7, int.from_bytes(raw, "little") % 2**255
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if x * x % P == x2 else x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == sign else P - x
    return (x, y, 1, x * y % P) if y < P and x < P and x * x % P == x2 else None
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
@functools.lru_cache(maxsize=4096)
def ed25519(key, message, signature):
    a, s = point(key), int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= L: return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    minus, r = (P - a[0], a[1], 1, P - a[3]), (0, 1, 1, 0)
    table = (r, BASE, minus, add(BASE, minus))  # for s·BASE − k·A, which is to be what the signature begins with
    for bit in range(252, -1, -1): r = add(add(r, r), table[(s >> bit & 1) + 2 * (k >> bit & 1)])
    z = pow(r[2], -1, P)
    return (r[1] * z % P | (r[0] * z % P & 1) << 255).to_bytes(32, "little") == signature[:32]

class Checkpoint:  # a signed note of C2SP tlog-checkpoint; anything else is one of no log
    def __init__(self, raw):  # which may have come through a chat or an editor, with other line ends and blank lines
        text = "".join(line.rstrip("\r") + "\n" for line in raw.strip().split("\n")) if is_text(raw) else ""
        note = "((lifeboat/(.+))\n(0|[1-9][0-9]{0,19})\n(.{44})\n)(?:\n((?:\u2014 .*\n)*))?"
        m = re.fullmatch(note, text) if text and len(raw.encode()) <= MAX_BODY else None
        good = m and int(m[4]) < U64 and unbase64(m[5])
        self.text, self.name, self.log, size, root, signed = m.groups("") if good else ("", "", None, "0", "", "")
        self.size, self.root, self.used = int(size), unbase64(root), False
        self.lines = [line[2:].partition(" ")[::2] for line in signed.split("\n")[:-1]]
    def own(self, key):  # whether each line of the log's own name holds; None: it is another key's
        raws, mine = [unbase64(p) for n, p in self.lines if n == self.name], sha256(self.name.encode(), b"\n\1", key)
        return [ed25519(key, self.text.encode(), raw[4:]) if raw[:4] == mine[:4] else None for raw in raws]
    def signed_by(self, key):  # whether the log's own signatures by this key hold; None: there is none
        return min((holds for holds in self.own(key) if holds is not None), default=None)
    def seen(self):  # (size, time, key) of whoever signed that they saw it; no key where that does not hold
        for name, raw in ((n, unbase64(p)) for n, p in self.lines if n.startswith("lifeboat-witness/")):
            key, at = unhex(name[17:], 32) if name == name.lower() else b"", int.from_bytes(raw[4:12], "big")
            good = key and len(raw) == 76 and raw[:4] == sha256(name.encode(), b"\n\4", key)[:4]
            good = good and ed25519(key, b"cosignature/v1\ntime %d\n%s" % (at, self.text.encode()), raw[12:])
            yield self.size, at, key if good else b""
    def holds(self, keys):  # each line of the log's own name by one of these keys, and each of a witness
        nobody = [None for name, _ in self.lines if name == self.name]
        return all(map(any, zip(nobody, *map(self.own, keys)))) and all(key for _, _, key in self.seen())
TWICE = object()  # in place of a value whose name stands twice: it has no type that anybody asks for
def one_each(pairs):
    count = collections.Counter(name for name, _ in pairs)
    return {name: value if count[name] == 1 else TWICE for name, value in pairs}
PARSER = json.JSONDecoder(object_pairs_hook=one_each, parse_constant=int,  # of NaN: an error, as it should be
                          parse_int=lambda n: 0.5 if n == "-0" or len(n) > 20 else int(n))  # 0.5: none of 64 bits
def parse(body):  # None of anything else than the fields that every record has
    try:
        e = PARSER.decode(body.decode("utf-8"))
        some = {name: e[name] for name in ("step", "first", "at") if e.get(name) is not None}
        texts = [*e, *map(e.get, ("log", "run", "prev", "boot", "kind")), some.pop("step", "")]
        numbers = [*map(e.get, ("v", "seg", "seq", "mono")), *some.values()]
        brackets = re.sub(rb'"(\\.|[^"\\])*"|[^][{}"]+', b"", body)  # those in text do not count
        good = max(itertools.accumulate(1 if b in b"[{" else -1 for b in brackets)) <= MAX_DEPTH
        good = good and not isinstance(e["d"], list) and TWICE not in (e["d"], e.get("actor"))
        good = good and all(map(is_text, texts)) and all(type(n) is int and 0 <= n < U64 for n in numbers)
        good = good and body[:1] == b"{" and type(e["ts"]) is int and -U64 <= 2 * e["ts"] < U64
        return dict(e, d=e["d"] if isinstance(e["d"], dict) else {}) if good else None
    except (ValueError, LookupError, AttributeError, RecursionError): return None
def read(line):  # fields (None: not to be believed) and hash, taken before anything in it is read
    h = sha256(b"\0", body := line[5:-73][:MAX_BODY + 1]).hex()  # a longer one is none
    good = len(body) <= MAX_BODY and line == b'%s%s,"h":"%s"}\n' % (PREFIX, body, h.encode())
    return parse(body) if good else None, h
def torn(line, lost):  # by a write from record `lost` on: no end, a NUL, or a record that was written with that one
    e = read(line)[0] or {"first": U64 if line[-1:] == b"\n" and b"\0" not in line else -1}
    return e.get("first") is not None and e["first"] <= lost

class Log:  # a walk over a log's files in order; it goes on behind damage, so that all of it is counted
    def __init__(self, whole, pinned):
        self.whole, self.pinned, self.log, self.newer, self.count = whole, pinned, None, None, collections.Counter()
        self.last, self.next, self.intact, self.skipped, self.known = "0" * 64, 0, True, False, False
        self.signed_to, self.leaves, self.made, self.root = 0, [], set(), functools.lru_cache(1 << 16)(self.root)
        self.breaks, self.keys, self.seen, self.named, self.open, self.doubtful = [], [], [], [], [], []
    def root(self, low, high):  # of an RFC 6962 tree over these leaves; little of it changes as it grows
        if high - low < 2: return self.leaves[low] if high > low else sha256()
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        return sha256(b"\1", self.root(low, middle), self.root(middle, high))
    def broken(self, why):  # behind a break no root means anything
        self.intact, self.count["break_count"] = False, self.count["break_count"] + 1
        if len(self.breaks) < 20: self.breaks.append(dict(file=self.file, line=self.line, seq=self.next, why=why))
    def walk(self, files):
        self.starts = [open(path, "rb").readline(MAX_BODY + 99) for _, path in files]  # longer ones are none
        heads = [read(line)[0] for line in self.starts]  # one after a failed write tells what was written again
        cuts = [e["seq"] if e and e["kind"] == "log.segment" and e["d"].get("cause") == RETRY else U64 for e in heads]
        live = max((i for i, e in enumerate(heads) if e), default=0)  # the last one begun: what follows may be torn
        for i, (self.file, path) in enumerate(files):
            data, cut, sound_to = path.read_bytes(), min(cuts[i + 1:], default=U64), 0
            for self.line, found in enumerate(LINE.finditer(data), 1):
                at, (e, h) = found.start(), read(found[0])
                if self.newer is not None: return
                if e and e["seq"] >= cut: self.count["left_records"] += 1
                elif e and e["v"] != 1: self.newer = e["v"]
                elif e: self.record(e, h)
                elif self.next >= cut: self.count["left_bytes"] += found.end() - at
                elif self.log is not None and re.fullmatch(b'{"h":"[0-9a-f]{64}"}\n', found[0]):
                    self.count["withheld"] += 1  # from this copy; it keeps its place in chain and tree
                    self.takes_its_place(self.next, found[0][6:70].decode(), True)
                else:
                    others = (m.end() for m in LINE.finditer(data, at) if not torn(m[0], self.next))
                    against = next(others, None) if i >= live and at >= sound_to else -1
                    if against is None:
                        self.count["torn_bytes"] += len(data) - at
                        break
                    sound_to, self.skipped = max(sound_to, against), True  # up to there nothing is a torn tail
                    self.broken("this is no record, or it was changed: its hash does not fit")
    def record(self, e, h):
        d, kind, cause = e["d"], e["kind"], e["d"].get("cause")
        if self.log is None and not self.whole and e["seq"] > 0:  # from the middle: held against itself only
            self.count["start"], self.next, self.last, self.intact = e["seq"], e["seq"], e["prev"], False
        self.log = e["log"] if self.log is None else self.log
        if {e["log"], e["run"]} != {self.log}: return self.broken("it belongs to another log, " + e["log"])
        after_damage, self.skipped = self.skipped and e["seq"] > self.next, False  # its line has been reported
        if not after_damage and (e["seq"] != self.next or e["prev"] != self.last):
            self.broken("record %d does not follow: missing, repeated, changed or out of order" % e["seq"])
        if e["seq"] < self.next: return
        if self.whole and e["seg"] != self.file: self.broken("the record belongs to file %d" % e["seg"])
        bad = kind in ("log.checkpoint", "log.anchor") and self.intact and not self.checkpoint(kind, d)
        bad = bad or kind == "log.segment" and is_text(cause) and cause != RETRY
        if bad or kind == "log.key" and not self.key(d): self.broken(kind + " tells of damage, or does not hold")
        self.takes_its_place(e["seq"], h, kind == "log.checkpoint")
        self.tells(kind, e.get("step") or "", d)
    def takes_its_place(self, seq, h, made):  # as link and leaf; made: what left was made of those up to here
        self.last, self.next, self.count["records"] = h, min(seq + 1, U64 - 1), self.count["records"] + 1
        self.leaves += [bytes.fromhex(h)] if self.intact else []
        self.made |= {len(self.leaves)} if made else set()
    def checkpoint(self, kind, d):  # whether it holds
        c = Checkpoint(d.get("note"))
        good = c.log == self.log and c.size <= len(self.leaves) and c.root == self.root(0, c.size)
        if kind == "log.anchor":  # one that left, with the signatures that came back
            good = good and c.size in self.made and is_text(d.get("outcome", "")) and c.holds(self.keys)
            self.seen += c.seen() if good and d.get("outcome") == "held" else []
            return good
        good = good and c.size == len(self.leaves) and (not self.keys or bool(c.signed_by(self.keys[-1])))
        if good: self.count["checkpoints"], self.signed_to = self.count["checkpoints"] + 1, c.size if self.keys else 0
        return good
    def key(self, d):  # takes a key that the log names, if it holds; known: yours, or one that such a key signed
        key, before = unhex(d.get("key"), 32), self.keys[-1] if self.keys else b""
        event, old, by_old, by_new = map(d.get, ("event", "old", "signed_by_old", "signed_by_new"))
        good = key and d.get("kept") in ("keyring", "memory") and event == ("rotated" if before else "used")
        good = good and all(t is None or is_text(t) for t in (by_old, by_new)) and (old is None or unhex(old, 32))
        text = b"lifeboat-key-rotation-1\n%s\n%s\n" % (before.hex().encode(), key.hex().encode())
        good = good and (not before or unhex(old, 32) == before and ed25519(key, text, unhex(by_new, 64)) and
                         (by_old is None or ed25519(before, text, unhex(by_old, 64))))
        if good: self.known, self.keys = key in self.pinned or self.known and by_old is not None, [*self.keys, key]
        return good
    def tells(self, kind, step, d):  # of evidence, and of steps: open ones have no result, of doubtful nobody knows
        file, sha, evidence = d.get("file"), d.get("sha256"), kind == "evidence.add"
        self.count.update(evidence=evidence, recovered=kind == "log.recovered", rotated=kind == "log.segment")
        if evidence and len(self.named) < 4096 and is_text(file) and is_text(sha): self.named.append((file, sha))
        elif kind == "action.intent": self.open.append(step)
        elif kind == "action.reconciled" and step in self.doubtful: self.doubtful.remove(step)
        elif kind in ("action.result", "action.reconciled", "action.indeterminate") and step in self.open:
            self.open.remove(step)  # one of the step's; another that never ended stays in doubt
            self.doubtful += [step] if kind == "action.indeterminate" else []
    def consistent(self):  # this, and what follows: how bad, and in words
        if self.breaks: return BROKEN, "NO: %d breaks" % self.count["break_count"]
        if self.newer is not None: return UNVERIFIABLE, f"not checked: format {self.newer} is not known here"
        if not self.intact or not self.leaves: return LIMITED, f"hashes and chain from {self.count['start']} on"
        return OK, f"hashes, chain and tree; root {self.root(0, len(self.leaves)).hex()}"
    def fits(self, c):  # a checkpoint from elsewhere
        if not c.log: return LIMITED, "none given"
        c.used, size, tail = True, len(self.leaves), self.count["records"] - c.size
        if self.log not in (None, c.log): return UNVERIFIABLE, f"NO: it is of another log, {c.log}"
        if c.size > size and self.intact and self.newer is None: return BROKEN, f"NO: of {c.size} the end is gone"
        if c.size > size: return LIMITED, "not compared: no root"
        if c.root != self.root(0, c.size): return BROKEN, f"NO: its {c.size} records have another root"
        return min(tail, LIMITED), f"it fits the first {c.size} records; changing the {tail} behind would not show"
    def signed(self, outside):  # signatures name a key; whose it is says one known from elsewhere
        by = [outside.signed_by(key) for key in self.keys] if outside.log == self.log else []
        if not self.keys: return (UNVERIFIABLE if self.pinned else LIMITED), "NO: the record has no key"
        if False in by and True not in by: return UNVERIFIABLE, "NO: the given checkpoint's signature does not hold"
        level = OK if self.known else UNVERIFIABLE if self.pinned else LIMITED
        whose = ("pinned (given with --key)", "only the record names it", "NOT one that was asked for")[level]
        level = max(level, int(self.signed_to + 1 < self.count["records"]))  # the last one stands behind the others
        return level, f"to record {self.signed_to} by {fingerprint(self.keys[-1])}, last of {len(self.keys)}: {whose}"

def checkpoint_in(path):
    try: return Checkpoint(path.read_bytes()[:MAX_BODY].decode("utf-8"))
    except (OSError, ValueError): return Checkpoint("")
def segments(folder):  # number and path of each file of a log, in order
    _, folders, names = next(os.walk(folder), ("", [], []))
    numbered = [(int(n[:-6]), folder / n) for n in folders + names if re.fullmatch("[0-9]{6,20}[.]jsonl", n)]
    return sorted(n for n in numbered if 0 < n[0] < U64)
def record_in(path): return next((folder for folder in (path, path / "record") if segments(folder)), None)
def targets(path):  # a folder of runs becomes its runs; anything else stands for itself
    inside = [] if record_in(path) else sorted(next(os.walk(path), ("", [], []))[1])
    return [path / name for name in inside if record_in(path / name)] or [path]
def hashed(path):  # SHA-256 and size of a file, which is read in pieces
    file, digest = open(path, "rb"), hashlib.sha256()
    for piece in iter(lambda: file.read(MAX_BODY), b""): digest.update(piece)
    return [digest.hexdigest(), file.tell()]
def held(folder, rule, named, altered=BROKEN):  # whether files are as said
    found = {"as said": [], "missing": [], "ALTERED": []}  # missing: perhaps left out for a reason, or not readable
    for name, *said in named:  # no name leads elsewhere; nobody waits for a pipe, and a link is not what was kept
        path = folder / name
        there = re.fullmatch(rule, name) and (os.path.islink(path) or os.access(path, os.R_OK))
        same = there and path.is_file() and not path.is_symlink() and hashed(path)[:len(said)] == said
        found["as said" if same else "ALTERED" if there else "missing"].append(name)
    words = "; ".join(f"{len(names)} {what}: {', '.join(names[:9]) or 'none'}" for what, names in found.items())
    return altered if found["ALTERED"] else min(len(found["missing"]), LIMITED), words
def manifest(bundle):  # the row on its list of files, if it has one: that shows accidents, and nothing of a forger
    try:
        listed = PARSER.decode(open(bundle / "MANIFEST.json", "rb").read(1 << 24).decode("utf-8", "surrogateescape"))
        files = [(f["name"], f["sha256"], f["bytes"]) for f in listed["files"] + []]  # an error of what is no list
        good = len({f[0] for f in files}) == len(files) and all(type(f[2]) is int and 0 <= f[2] < U64 for f in files)
        good = good and all(map(is_text, itertools.chain(listed, *listed["files"], *(f[:2] for f in files))))
    except FileNotFoundError: return []
    except (OSError, ValueError, LookupError, TypeError, RecursionError): good = False
    return [("Manifest", *held(bundle, LISTED, files if good else [("MANIFEST.json", "")], LIMITED))]
COUNTED = "records checkpoints evidence withheld torn_bytes recovered rotated left_records left_bytes".split()
def examine(path, outside, pinned, several):  # the report on a run's folder, an unpacked bundle, or one file
    whole, folder, number = path.is_dir(), record_in(path), re.fullmatch("([0-9]{6,18})[.]jsonl", path.name)
    if whole and not folder: raise ValueError("there is no record of a run in it")
    if not whole and path.open("rb").read(4) == b"PK\3\4": raise ValueError("unpack this ZIP first; give the folder")
    files, log = segments(folder) if whole else [(int(number[1]) or 1 if number else 1, path)], Log(whole, pinned)
    log.walk(files)
    if several and log.log not in (None, outside.log): outside = Checkpoint("")  # it is for another of them
    anchored, near = log.fits(outside), log.fits(checkpoint_in(folder / "checkpoint") if whole else Checkpoint(""))
    count, unsure = log.count, sorted(log.open + log.doubtful)
    seen = max((s for s in log.seen if s[2] in pinned and s[2] not in log.keys), default=None)  # own are nobody else
    seen = f"{seen[0]} records, {seen[1]} s after 1970, by {fingerprint(seen[2])}" if seen else "by no given key"
    counted = ", ".join(f"{count[name]} {name.replace('_', ' ')}" for name in COUNTED)
    rows = [("Consistent", *log.consistent()),
            *((f"  file {b['file']}, line {b['line']}, for record {b['seq']}", BROKEN, b["why"]) for b in log.breaks),
            ("Counted", LIMITED if count["withheld"] or count["torn_bytes"] else OK, counted),
            ("Signed", *log.signed(outside)), ("Anchored", *anchored), ("Seen, as recorded", OK, seen),
            ("Checkpoint beside it", BROKEN if near[0] == BROKEN else OK, near[1]),
            ("Indeterminate actions", OK, ", ".join(unsure) or "none"), ("Clock, Activity Log", OK, "not checked")]
    if not count["records"] and not any(s.startswith(PREFIX) for s in log.starts):  # no line was a record's
        emptied = BROKEN in (anchored[0], near[0]) and all(PREFIX.startswith(s) for s in log.starts)  # it was cut
        rows = [("Consistent", BROKEN if emptied else UNVERIFIABLE, "NO: there is not one record in it")]
    rows += manifest(path) if whole and folder != path else []
    worst = max(level for _, level, _ in rows)  # if that is UNVERIFIABLE, altered evidence says nothing more
    bad, said = held(path / "evidence", KEPT, log.named) if whole else (min(len(log.named), LIMITED), "not looked at")
    rows.append(("Evidence", min(bad, worst) if worst == UNVERIFIABLE else bad, said))
    return dict({n: count[n] for n in (*COUNTED, "start", "break_count")}, log=log.log or "", breaks=log.breaks,
                root=log.root(0, len(log.leaves)).hex() if log.intact and log.leaves else None, segments=len(files),
                newer_format=log.newer, indeterminate=unsure, verdict=LEVELS[max(row[1] for row in rows)],
                rows=[(name, LEVELS[level] if level else "ok", words) for name, level, words in rows])
def text(said):
    found = [f"Could not be verified: {problem}" for problem in said["problems"]]
    for log in said["logs"]:
        rows = (f"{level:>14}  {name}: {words}" for name, level, words in log["report"]["rows"])
        found += ["{path}: log {report[log]}".format(**log), *rows]
    return "\n".join(map(visible, found + [f"All {len(said['logs'])} logs: {VERDICTS[said['verdict']]}"]))
def main(args):
    parser = argparse.ArgumentParser("verify.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.error = lambda why: sys.exit(print(f"Could not be verified: {visible(why)}; see --help") or 3)
    parser.add_argument("paths", nargs="*", default=[pathlib.Path(__file__).resolve().parent], type=pathlib.Path)
    parser.add_argument("--checkpoint", type=pathlib.Path)
    parser.add_argument("--key", action="append", default=[], type=lambda k: unhex(k, 32) or int("no key"))
    parser.add_argument("--json", action="store_true")
    given, logs = parser.parse_args(args), []
    outside = checkpoint_in(given.checkpoint) if given.checkpoint else Checkpoint("")
    problems = [f"{given.checkpoint} is not a checkpoint"] if given.checkpoint and not outside.log else []
    paths = [target for path in given.paths for target in targets(path)]
    for path in paths:
        try: logs.append({"path": str(path), "report": examine(path, outside, given.key, len(paths) > 1)})
        except Exception as e: problems.append(f"{path}: {e} ({type(e).__name__})")  # a traceback helps nobody
    if outside.log and not outside.used: problems.append("no log here is the one of the checkpoint, " + outside.log)
    worst = max([LEVELS.index(log["report"]["verdict"]) for log in logs] + [UNVERIFIABLE] * bool(problems))
    said = dict(version=1, verdict=LEVELS[worst], exit_code=EXIT_CODES[worst], problems=problems, logs=logs)
    print(json.dumps(said, indent=1) if given.json else text(said))
    return EXIT_CODES[worst]
if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
