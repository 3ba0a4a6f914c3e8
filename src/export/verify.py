#!/usr/bin/env python3
"""Verifies the record of a Lifeboat run without Lifeboat: Python 3.8 or newer, nothing to install, no network.

  python3 verify.py [DIR|FILE.jsonl]... [--checkpoint FILE] [--key HEX]... [--json]

DIR is a run's folder, a folder of runs, or an unpacked bundle (default: the folder of this file). FILE.jsonl is one
file of a log. --checkpoint gives a checkpoint kept outside the computer that wrote the record; --key gives a public
key that you know from elsewhere. Exit code: 0 consistent, signed and anchored to the end; 1 consistent, with the
limits named in the report; 2 tampered with or corrupt; 3 could not be verified. Of several logs the worst counts.

We promise: any change, deletion, reordering or insertion in the part covered by a checkpoint you hold outside this
machine is detected. Without one, we detect accidental damage and edits that do not recompute the chain. No Azure
action is sent before its intent is on storage the operating system reports as durable. Entries shown as saved
survive a crash of the app; they survive power loss if the drive honours flush.
We do not promise: that entries are true or complete when a person, a modified app, or malware in your session writes
them; detection of truncation or rewriting after the last outside checkpoint; legal non-repudiation; correct time
beyond your clock, Azure's response dates and optional timestamps; protection from someone controlling this machine
*and* every anchor; that nobody acted outside this tool; compliance.
"""
import base64
import binascii
import collections
import datetime
import functools
import hashlib
import json
import os
import re
import stat
import sys

FORMAT, MAX_BODY, MAX_RUN, MAX_EVIDENCE, MAX_NOTE = 1, 64 << 10, 256 << 20, 50 << 20, 64 << 10
PREFIX, MIDDLE, END = b'{"r":', b',"h":"', b'"}'
KINDS = set("""log.open log.segment log.recovered log.checkpoint log.anchor log.key clock.jump session.start session.end
session.lock session.unlock session.identity session.operator config.change run.plan run.participant run.declare
run.start run.end run.abort run.paused run.resumed run.handover run.mode gate.requested gate.approved gate.denied
gate.voided gate.glass decision deviation action.intent action.accepted action.result action.indeterminate
action.reconciled step.ready step.started step.done_by_app step.done_by_hand step.already_true step.verified
step.failed step.skipped step.undone step.reopened note ledger loss inject facilitate observe measure comms
evidence.add finding corrective signoff export""".split())
VERDICTS = {"whole": (0, "consistent, signed, and anchored to its end"),
            "limited": (1, "consistent, with the limits named above"),
            "unverifiable": (3, "could not be verified"), "broken": (2, "TAMPERED WITH OR CORRUPT")}


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- Ed25519 (RFC 8032), verification only. Slow and not constant-time, which matters for secrets alone.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point(raw):
    """The point of an encoding; None for one that is not canonical or not on the curve."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


SPACE = ''.join(c for c in map(chr, range(0x3001)) if c.isspace() and c not in '\x1c\x1d\x1e\x1f')
BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


@functools.lru_cache(maxsize=4096)
def ed25519(key, message, signature):
    a = point(key) if len(key) == 32 and len(signature) == 64 else None
    s = int.from_bytes(signature[32:], "little")
    if a is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    minus = (P - a[0], a[1], 1, P - a[3])
    table, r = (None, BASE, minus, add(BASE, minus)), (0, 1, 1, 0)
    for bit in range(252, -1, -1):  # s·B − k·A, both at once
        r, both = add(r, r), table[(s >> bit & 1) + 2 * (k >> bit & 1)]
        r = add(r, both) if both else r
    z = pow(r[2], P - 2, P)
    encoded = r[1] * z % P | (r[0] * z % P & 1) << 255
    return encoded.to_bytes(32, "little") == signature[:32]


def unhex(text, size):
    good = isinstance(text, str) and re.fullmatch("[0-9a-f]{%d}" % (2 * size), text)
    return bytes.fromhex(text) if good else None


def fingerprint(key):
    text = sha256(key).hex()[:20]
    return "-".join(text[n:n + 4] for n in range(0, 20, 4))


# --- Checkpoints: C2SP signed notes of three lines.
class Checkpoint:
    def __init__(self, text):
        def must(good, line):
            if not good:
                raise ValueError("line %s of it is not that of a checkpoint" % line)
        must(len(text.encode("utf-8", "replace")) <= MAX_NOTE, "after line")
        # Pasted through a chat or a Windows editor: other line ends and blank lines around it change nothing.
        lines = [line.rstrip("\r") for line in text.strip(SPACE).split("\n")]
        lines += [""] * (4 - len(lines))
        must(lines[0].startswith("lifeboat/") and lines[0] != "lifeboat/", 1)
        must(re.fullmatch("0|[1-9][0-9]{0,19}", lines[1]) and int(lines[1]) < 1 << 64, 2)
        try:
            self.root = base64.b64decode(lines[2].encode("ascii", "replace"), validate=True)
        except binascii.Error:
            self.root = b""
        must(len(self.root) == 32 and base64.b64encode(self.root).decode() == lines[2], 3)
        must(lines[3] == "" and all(line.startswith("\u2014 ") for line in lines[4:]), 4)
        self.origin, self.log, self.size, self.lines = lines[0], lines[0][9:], int(lines[1]), lines[4:]
        self.text = "".join(line + "\n" for line in lines[:3]).encode()

    def signed_by(self, key):
        """Whether the log's own signature by this key is there; False also if one that claims to be it is not good."""
        wanted, good = sha256(self.origin.encode(), b"\n\x01", key)[:4], False
        for line in self.lines:
            name, _, blob = line[2:].rpartition(" ")
            try:
                raw = base64.b64decode(blob.encode("ascii", "replace"), validate=True)
            except binascii.Error:
                continue
            if name == self.origin and raw[:4] == wanted:
                if not ed25519(key, self.text, raw[4:]):
                    return False
                good = True
        return good


# --- One line: hashed as it stands, before anything in it is believed.
TWICE = object()  # in place of a value whose key stands twice: it has no type that anybody asks for


def one_each(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        found.update((name, TWICE) for name in found if names.count(name) > 1)
    return found


def whole_number(text):
    return 0.5 if text == "-0" or len(text) > 20 else int(text)  # 0.5: not a whole number of 64 bits


def not_json(text):
    raise ValueError(text)


PARSER = json.JSONDecoder(object_pairs_hook=one_each, parse_int=whole_number, parse_constant=not_json)


def parse(body):
    """The envelope of a record; None when it is not one."""
    try:
        e = PARSER.decode(body.decode("utf-8"))
        if not isinstance(e, dict) or "d" not in e:
            return None
        for name in ("log", "run", "prev", "boot", "kind") + (("step",) if e.get("step") is not None else ()):
            e[name].encode("utf-8")  # half a surrogate pair is no text
        for name in ("v", "seg", "seq", "mono") + tuple(n for n in ("first", "at") if e.get(n) is not None):
            if type(e[name]) is not int or not 0 <= e[name] < 1 << 64:
                return None
        good = type(e["ts"]) is int and -1 << 63 <= e["ts"] < 1 << 63
        good = good and not any(e.get(n) is TWICE for n in ("d", "actor"))
        return e if good else None
    except (ValueError, KeyError, AttributeError, RecursionError):
        return None


def encodes(text):
    """Whether it is text: half a surrogate pair is none."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def lines(data, at=0):
    """Offset, bytes and whether there is a line feed."""
    while at < len(data):
        end = data.find(b"\n", at)
        yield at, data[at:] if end < 0 else data[at:end], end >= 0
        at = len(data) if end < 0 else end + 1


def read(line, ended):
    """(envelope, hash) of a good line; (None, what is wrong) of any other."""
    if not ended:
        return None, "the line has no end"
    if len(line) > MAX_BODY + len(PREFIX) + len(MIDDLE) + 64 + len(END):
        return None, "the line is longer than a record can be"
    cut = len(line) - len(END) - 64 - len(MIDDLE)
    if cut < len(PREFIX) or not line.startswith(PREFIX) or not line.endswith(END):
        return None, "the line has not the frame of a record"
    body, stored = line[len(PREFIX):cut], line[cut + len(MIDDLE):-len(END)]
    if line[cut:cut + len(MIDDLE)] != MIDDLE:
        return None, "the line has not the frame of a record"
    h = sha256(b"\0", body).hex()
    if h.encode() != stored:
        return None, "the record was changed: its hash does not fit"
    e = parse(body)
    return (e, h) if e else (None, "the hash fits but the content is not a record")


def cause(e):
    """Why a file was begun."""
    why = e["d"].get("cause") if e["kind"] == "log.segment" and isinstance(e["d"], dict) else None
    return why if isinstance(why, str) and encodes(why) else None


class Log:
    """A walk over a log's files in order. It goes on behind damage, so that all of it is named."""

    def __init__(self, whole, sizes):
        self.whole, self.sizes, self.log, self.last, self.skipped = whole, sizes, None, "0" * 64, 0
        self.start = self.next = self.torn = 0
        self.count = collections.Counter()
        self.size, self.peaks, self.roots, self.breaks, self.keys, self.named, self.starts = 0, [], {}, [], [], [], []
        self.newer = self.begin = self.end = self.boot = None
        self.open, self.doubtful = {}, []  # intents without a result, by step; those declared indeterminate
        self.at_size()

    def at_size(self):
        if self.peaks is not None and self.size in self.sizes:
            self.roots[self.size] = self.root()

    def root(self):
        """RFC 6962: the roots of the full subtrees, smallest first, each joined to the bigger one left of it."""
        right = self.peaks[-1] if self.peaks else sha256()
        for left in reversed(self.peaks[:-1]):
            right = sha256(b"\1", left, right)
        return right

    def broken(self, file, line, why):
        self.count["break_count"] += 1
        if len(self.breaks) < 20:
            self.breaks.append({"file": file, "line": line, "seq": self.next, "why": why})
        self.peaks = None  # behind a break no root means anything

    def files(self, files):
        """files: number and path of each, in order."""
        # A file begun after a failed write says from which number on the ones before were written again.
        cuts, least, live = [None] * len(files), None, 0
        for i in reversed(range(len(files))):
            cuts[i] = least
            with open(files[i][1], "rb") as f:
                first = f.readline(MAX_BODY * 2)
            self.starts.append(first)
            e = read(first.rstrip(b"\n"), first.endswith(b"\n"))[0]
            live = max(live, i) if e else live
            if e and cause(e) == "failed_write":
                least = e["seq"] if least is None else min(least, e["seq"])
        for i, (number, path) in enumerate(files):
            with open(path, "rb") as f:
                data = f.read()
            # Only the end of the log can be torn: the last file really begun, and those that were to follow it.
            self.file(number, data, cuts[i], i >= live)
            if self.newer is not None:
                break

    def file(self, number, data, cut, may_be_torn):
        sound_to = 0  # up to here a torn tail has been ruled out
        for n, (at, line, ended) in enumerate(lines(data), 1):
            e, h = read(line, ended)
            if e and cut is not None and e["seq"] >= cut:
                self.count["left_records"] += 1
            elif e:
                self.record(number, n, e, h)
                if self.newer is not None:
                    return
            elif cut is not None and self.next >= cut:
                self.count["left_bytes"] += len(line) + ended
            else:
                if may_be_torn and at >= sound_to:
                    against = self.against_torn(data, at)
                    if against is None:
                        self.torn += len(data) - at
                        return
                    sound_to = against + 1
                self.skipped += 1
                self.broken(number, n, h)

    def against_torn(self, data, start):
        """Where a line stands that no lost sectors of one write explain. Such a line has no end, or a NUL, which JSON
        never has; or it is whole and says that it was written together with the first one lost."""
        for at, line, ended in lines(data, start):
            e, _ = read(line, ended)
            if not ((e.get("first") is not None and e["first"] <= self.next) if e else not ended or b"\0" in line):
                return at
        return None

    def record(self, file, n, e, h):
        if e["v"] != FORMAT:
            self.newer = e["v"]
            return
        if self.log is None:
            self.log = e["log"]
            if not self.whole and e["seq"] > 0:  # a file from the middle of a log: held against itself only
                self.start, self.next, self.last, self.peaks = e["seq"], e["seq"], e["prev"], None
        if e["log"] != self.log or e["run"] != self.log:
            return self.broken(file, n, "the record belongs to another log, " + e["log"])
        # After a bad line a gap is that line's; it has been reported.
        after_damage, self.skipped = self.skipped > 0 and e["seq"] > self.next, 0
        if not after_damage:
            if e["seq"] != self.next:
                self.broken(file, n, "the record has number %d: records are missing, repeated or out of order" % e["seq"])
            elif e["prev"] != self.last:
                self.broken(file, n, "the record does not follow the one before it")
        if e["seq"] < self.next:
            return
        if self.whole and e["seg"] != file:
            self.broken(file, n, "the record belongs to file %d" % e["seg"])
        if e["kind"] == "log.segment" and cause(e) not in (None, "failed_write"):
            self.broken(file, n, "Lifeboat found damage before this file (%s)" % cause(e))
        if e["kind"] in ("log.checkpoint", "log.key"):
            wrong = (self.checkpoint if e["kind"] == "log.checkpoint" else self.key)(e)
            if wrong:
                self.broken(file, n, wrong)
        self.leaf(h, min(e["seq"] + 1, (1 << 64) - 1))
        self.seen(e)

    def leaf(self, h, after):
        """Takes a record's hash as link of the chain and leaf of the tree."""
        self.last, self.next = h, after
        self.count["records"] += 1
        if self.peaks is not None:
            node, n = bytes.fromhex(h), self.size
            while n & 1:  # each trailing one bit of the size is a subtree as big as the one being carried
                node, n = sha256(b"\1", self.peaks.pop(), node), n >> 1
            self.peaks.append(node)
            self.size += 1
            self.at_size()

    def checkpoint(self, e):
        """What is wrong with a recorded checkpoint."""
        if self.peaks is None:
            return None
        note = e["d"].get("note") if isinstance(e["d"], dict) else None
        try:
            c = Checkpoint(note)
        except (ValueError, AttributeError):
            c = None
        if not c or (c.log, c.size, c.root) != (self.log, self.size, self.root()):
            return "the checkpoint recorded here does not fit the records before it"
        if self.keys and not c.signed_by(self.keys[-1]["key"]):
            return "the checkpoint recorded here is not signed by the log's key"
        self.count["checkpoints"] += 1
        self.count["unsigned"] += not self.keys

    def key(self, e):
        """What is wrong with a key's first use or its rotation."""
        d = e["d"] if isinstance(e["d"], dict) else {}
        new, old = unhex(d.get("key"), 32), self.keys[-1]["key"] if self.keys else None
        text = "lifeboat-key-rotation-1\n%s\n%s\n%s\n" % (self.log, old and old.hex(), new and new.hex())
        by = [d.get(n) is not None and (unhex(d[n], 64) or b"") for n in ("signed_by_old", "signed_by_new")]
        if d.get("event") == "used" and new and not old:
            vouched = None
        elif d.get("event") == "rotated" and new and old and unhex(d.get("old"), 32) == old and by[1] is not False and (
                by[0] is False or ed25519(old, text.encode(), by[0])) and ed25519(new, text.encode(), by[1]):
            vouched = by[0] is not False
        else:
            return "the key recorded here is not signed as a new key has to be"
        self.keys.append({"key": new, "from": e["seq"], "vouched": vouched})

    def seen(self, e):
        """What the records tell beside their hashes."""
        kind, step, d = e["kind"], e.get("step") or "", e["d"] if isinstance(e["d"], dict) else {}
        back = kind != "clock.jump" and self.boot == e["boot"] and self.end is not None and e["ts"] < self.end
        self.count["clock_back"] += back
        self.count[kind if kind in KINDS else "unknown_kinds"] += 1
        self.boot, self.begin, self.end = e["boot"], e["ts"] if self.begin is None else self.begin, e["ts"]
        if kind == "evidence.add" and isinstance(d.get("file"), str) and isinstance(d.get("sha256"), str):
            self.named += [(d["file"], d["sha256"])] if len(self.named) < 4096 else []
        mine = self.open.setdefault(step, [])
        if kind == "action.intent":
            mine.append((e["seq"], step))
        elif kind == "action.reconciled" and any(s == step for _, s in self.doubtful):
            self.doubtful.remove([o for o in self.doubtful if o[1] == step][-1])
        elif kind in ("action.result", "action.reconciled", "action.indeterminate") and mine:
            ended = mine.pop()  # the step's last one; an earlier one that never ended stays in doubt
            self.doubtful += [ended] if kind == "action.indeterminate" else []


def compare(c, log):
    """What a checkpoint says about the log."""
    if c is None:
        return "none"
    if log.log is not None and log.log != c.log:
        return {"other_log": {"log": c.log}}
    if c.size in log.roots:
        same = log.roots[c.size] == c.root
        found = {"expected": c.root.hex(), "found": log.roots[c.size].hex()}
        return {"agrees": {"size": c.size}} if same else {"differs": dict(size=c.size, **found)}
    if log.peaks is not None and log.newer is None:
        return {"shorter": {"size": c.size, "records": log.count["records"]}}
    return "not_comparable"


def evidence(folder, named):
    """Files of evidence: as the record says, missing (somebody may have had reason to take one away), or altered."""
    found = {"same": 0, "missing": [], "altered": []}
    for name, sha in named:
        path, h = os.path.join(folder, "evidence", name), hashlib.sha256()
        kept = re.fullmatch("[0-9a-f]{16}-[A-Za-z0-9._-]{0,60}", name) and not name.endswith(".part")
        try:
            about = os.lstat(path) if kept else None
        except OSError:
            about = None
        if about is None:
            found["missing"].append(name)
            continue
        if stat.S_ISREG(about.st_mode) and about.st_size <= MAX_EVIDENCE:
            with open(path, "rb") as f:
                for piece in iter(lambda: f.read(1 << 18), b""):
                    h.update(piece)
            if h.hexdigest() == sha:
                found["same"] += 1
                continue
        found["altered"].append(name)
    return found


def examine(path, outside, pinned, alone):
    """The report on a run's folder, an unpacked bundle or one file."""
    whole, folder, beside = os.path.isdir(path), path, None
    if whole:
        folder = os.path.join(path, "record") if segments(os.path.join(path, "record")) else path
        files = segments(folder)
        if not files:
            raise ValueError("there is no record of a run in it")
        try:
            with open(os.path.join(folder, "checkpoint"), "rb") as f:
                beside = Checkpoint(f.read(MAX_BODY).decode())
        except (OSError, ValueError):
            pass  # accidents left it so; that is no reason to call the log broken
    else:
        files = [(number_of(os.path.basename(path)) or 1, path)]
    if sum(os.path.getsize(p) for _, p in files) > MAX_RUN:
        raise ValueError("it is larger than a run can be")
    log = Log(whole, {c.size for c in (outside, beside) if c})
    log.files(files)
    if outside and log.log not in (None, outside.log) and not alone:
        outside = None  # of several logs the checkpoint is for one; the others are judged without it
    r = {"log": log.log or "", "segments": len(files), "records": log.count["records"], "start": log.start,
         "from": log.begin, "to": log.end, "root": log.root().hex() if log.peaks else None, "breaks": log.breaks,
         "break_count": log.count["break_count"], "anchor": compare(outside, log), "beside": compare(beside, log),
         "checkpoints": log.count["checkpoints"], "withheld": log.count["withheld"], "torn_bytes": log.torn,
         "indeterminate": [{"seq": n, "step": s} for n, s in sorted(sum(log.open.values(), log.doubtful))],
         "clock_jumps": log.count["clock.jump"], "clock_back": log.count["clock_back"],
         "recovered": log.count["log.recovered"], "rotated": log.count["log.segment"],
         "left_records": log.count["left_records"], "left_bytes": log.count["left_bytes"],
         "evidence": log.count["evidence.add"], "evidence_files": evidence(path, log.named) if whole else None,
         "unknown_kinds": log.count["unknown_kinds"], "newer_format": log.newer}
    r["signed"], r["files"] = signed(log, pinned), len(log.named)
    r["verdict"] = verdict(r, log.starts)
    return r


def signed(log, pinned):
    """What the signatures are worth: they name a key; only a key known from elsewhere says whose it is."""
    if not log.keys:
        return "no_key"
    trusted = False
    for key in log.keys:
        trusted = key["key"] in pinned or (trusted and key["vouched"])
        key["trusted"] = bool(trusted)
    all_of_them = all(k["trusted"] for k in log.keys) and not log.count["unsigned"] and log.count["checkpoints"]
    some = any(k["trusted"] for k in log.keys)
    state = "pinned" if all_of_them else "other_key" if pinned and not some else "partly" if some else "not_pinned"
    return {"state": state, "keys": [{"key": k["key"].hex(), "from_record": k["from"], "trusted": k["trusted"]}
                                     for k in log.keys]}


def verdict(r, starts):
    contradicted = any(isinstance(a, dict) and ("differs" in a or "shorter" in a) for a in (r["anchor"], r["beside"]))
    if not r["records"] and not any(s.startswith(PREFIX) for s in starts):
        # Not one line that was ever a record's. An emptied log is one that was cut; anything else is another file.
        return "broken" if contradicted and all(PREFIX.startswith(s) for s in starts) else "unverifiable"
    files = r["evidence_files"] or {"same": 0, "missing": ["not looked for"] if r["files"] else [], "altered": []}
    if r["break_count"] or contradicted or files["altered"] and r["newer_format"] is None:
        return "broken"
    if r["newer_format"] is not None or "other_log" in r["anchor"] or state(r) == "other_key":
        return "unverifiable"
    limits = r["torn_bytes"] or r["withheld"] or files["missing"] or state(r) != "pinned"
    return "limited" if limits or r["anchor"] != {"agrees": {"size": r["records"]}} else "whole"


def state(r):
    return r["signed"] if isinstance(r["signed"], str) else r["signed"]["state"]


def plural(n, what):
    return "%d %s%s" % (n, what, "" if n == 1 else "s")


def text(r):
    """The report in words: verdicts, never one green tick."""
    def at(ms):
        try:
            moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=(ms + 500) // 1000)
            return moment.isoformat() + "Z"
        except (OverflowError, TypeError):
            return "unknown time"

    def against(anchor):
        (how, a), = anchor.items() if isinstance(anchor, dict) else ((anchor, {}),)
        return {"none": "none", "agrees": "the checkpoint of %s agrees" % plural(a.get("size", 0), "record"),
                "differs": "NO: the checkpoint of %s has another root" % plural(a.get("size", 0), "record"),
                "shorter": "NO: the checkpoint covers %s, the log has %s: its end is missing" % (
                    plural(a.get("size", 0), "record"), a.get("records")),
                "other_log": "NO: the checkpoint is of another log, %s" % a.get("log"),
                "not_comparable": "not compared: the root could not be computed"}[how]
    keys = ", ".join(fingerprint(bytes.fromhex(k["key"])) for k in (r["signed"]["keys"] if state(r) != "no_key" else []))
    by = "%s, by the key %s that the record itself names; " % (plural(r["checkpoints"], "checkpoint"), keys)
    tail = r["records"] - (r["anchor"]["agrees"]["size"] if "agrees" in r["anchor"] else 0)
    files = r["evidence_files"]
    gaps = [(r["torn_bytes"], "bytes of a torn tail, never acknowledged"), (r["recovered"], "torn tails set aside"),
            (r["rotated"], "files begun after a failed write"), (r["left_records"], "records and"),
            (r["left_bytes"], "bytes left by a failed write, superseded"),
            (r["unknown_kinds"], "records of a kind this verifier does not know (warning)")]
    consistent = "hashes, chain and tree; root %s" % r["root"] if r["root"] else \
        "hashes and chain from record %d on; what came before was not given" % r["start"]
    if r["break_count"]:
        shown = ["\n  file %(file)d, line %(line)d, where record %(seq)d belongs: %(why)s" % b for b in r["breaks"]]
        consistent = "NO: %s%s" % (plural(r["break_count"], "break"), "".join(shown))
    elif r["newer_format"] is not None:
        consistent = "not checked: format %d is newer than this verifier" % r["newer_format"]
    elif not r["records"]:
        consistent = "nothing to check"
    withheld = "; %s withheld: their hashes are there, their content is not" % plural(r["withheld"], "record")
    rows = [("Log", "%s: %s in %s, %s to %s" % (r["log"] or "no record of a Lifeboat log", plural(
                r["records"], "record"), plural(r["segments"], "file"), at(r["from"]), at(r["to"]))),
            ("Consistent", consistent + (withheld if r["withheld"] else "")),
            ("Signed", {"no_key": "no key: the record is not signed", "not_pinned": by + "not pinned",
                        "pinned": by + "pinned (--key)", "partly": by + "only a part by a key that you pinned",
                        "other_key": by + "NOT the key that was given"}[state(r)]),
            ("Anchored", against(r["anchor"]) + ("; beside the log, on the same disk: " + against(r["beside"])
                                                 if r["beside"] != "none" else "")),
            ("Unanchored tail", "not told: the chain does not hold" if r["break_count"] else "none" if not tail else
             "%s: rewriting or cutting them off would not show" % plural(tail, "record")),
            ("Reconciled with Activity Log", "not checked"),
            ("Indeterminate actions", ", ".join("%(step)s (record %(seq)d)" % o for o in r["indeterminate"]) or "none"),
            ("Clock", "%s recorded, %s older than the one before; the numbers give the order" % (
                plural(r["clock_jumps"], "jump"), plural(r["clock_back"], "record"))),
            ("Gaps and recoveries", "; ".join("%d %s" % gap for gap in gaps if gap[0]) or "none"),
            ("Evidence", "no files named" if not r["files"] else "not checked" if files is None else
             "%d as the record says, %d missing, %d ALTERED: %s" % (files["same"], len(files["missing"]), len(
                 files["altered"]), ", ".join((files["missing"] + files["altered"])[:10]))),
            ("Verdict", VERDICTS[r["verdict"]][1])]
    return "\n".join("%s: %s" % row for row in rows)


NOT_PROVEN = """Not proven by any of this: that the entries are true or complete, that the clock was right, that nobody
acted outside Lifeboat. Records behind the last checkpoint kept outside the computer could have been rewritten. A key
that was not given with --key is only named by the record itself."""


def number_of(name):
    n = int(name[:-6]) if re.fullmatch("[0-9]{6,20}[.]jsonl", name) else 0
    return n if 0 < n < 1 << 64 else None


def segments(folder):
    """Number and path of each file of a log, in order."""
    try:
        found = sorted(e.name for e in os.scandir(folder) if number_of(e.name) and not e.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return sorted(((number_of(n), os.path.join(folder, n)) for n in found), key=lambda f: f[0])


def targets(path):
    """A folder of runs becomes its runs; anything else stands for itself."""
    def is_run(p):
        return bool(segments(p) or segments(os.path.join(p, "record")))
    if not os.path.isdir(path) or is_run(path):
        return [path]
    inside = sorted(e.path for e in os.scandir(path) if e.is_dir(follow_symlinks=False))
    return [p for p in inside if is_run(p)] or [path]


def main(args):
    paths, outside, pinned, as_json, problems = [], None, set(), False, []
    args = iter(args)
    for arg in args:
        if arg in ("-h", "--help"):
            print(__doc__.strip())
            return 0
        if arg == "--json":
            as_json = True
        elif arg == "--key":
            key = unhex(next(args, "").lower(), 32)
            problems += [] if key else ["a key is 64 hexadecimal digits"]
            pinned |= {key} if key else set()
        elif arg == "--checkpoint":
            name = next(args, "")
            try:
                with open(name, "rb") as f:
                    outside = Checkpoint(f.read(MAX_NOTE + 1).decode("utf-8", "replace"))
            except (OSError, ValueError) as e:
                problems.append("%s is not a checkpoint: %s" % (name, e))
        elif arg.startswith("--"):
            problems.append("unknown option %s; see --help" % arg)
        else:
            paths.append(arg)
    found = [t for p in paths or [os.path.dirname(os.path.abspath(__file__))] for t in targets(p)]
    logs, worst, used = [], "whole", outside is None
    for path in found:
        try:
            report = examine(path, outside, pinned, len(found) == 1)
            used = used or report["anchor"] != "none"
            logs.append({"path": path, "report": report})
        except Exception as e:  # whatever stands there, it was not verified, and nobody is helped by a traceback
            logs.append({"path": path, "error": "%s: %s" % (type(e).__name__, e)})
    if not used:
        problems.append("no log here is the one of the checkpoint, " + outside.log)
    all_of_them = [log["report"]["verdict"] if "report" in log else "unverifiable" for log in logs]
    worst = max(all_of_them + ["unverifiable"] * bool(problems), key=["whole", "limited", "unverifiable", "broken"].index)
    if as_json:
        print(json.dumps({"version": 1, "verdict": worst, "exit_code": VERDICTS[worst][0], "problems": problems,
                          "logs": logs}, indent=1))
    else:
        for log in logs:
            print(visible(log["path"]))
            print(visible(text(log["report"]) if "report" in log else "Verdict: could not be verified: " + log["error"]))
            print()
        for problem in problems:
            print("Could not be verified: " + visible(problem))
        if len(logs) > 1:
            print("All %d logs: %s" % (len(logs), VERDICTS[worst][1]))
        print(NOT_PROVEN)
    return VERDICTS[worst][0]


def visible(text):
    """What a terminal would hide or obey is written out."""
    return "".join(c if c.isprintable() or c == "\n" else "\\u{%x}" % ord(c) for c in text)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
