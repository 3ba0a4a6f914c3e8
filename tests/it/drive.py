#!/usr/bin/python3
"""Drives the program in real windows as people with a screen reader would: through the accessibility tree.

    drive.py LIFEBOAT SECONDS run [COLLEAGUE]
    drive.py LIFEBOAT SECONDS keys
    drive.py LIFEBOAT SECONDS two

`run`: a rehearsal from the first page to the closed run. COLLEAGUE is a program that answers `approve …` as the second
person, on another home with another key. `keys`: the same by keyboard alone; the tree is only read, as eyes would.
`two`: the operator's window and the facilitator's at once.

It needs DISPLAY, a D-Bus session of its own and LIFEBOAT_HOME. It presses what it sees, never what it expects: every turn
it looks at the windows anew, and does the first thing that makes sense of what stands there. With LIFEBOAT_PICTURES=DIR it
keeps a picture of each screen. The last line is JSON: what was pressed, how often, and what the windows said at the end.
Exit code 0 when all was done.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

WORD = "Seen in the window and written down by the driver of the test."
# The step's own buttons that a person presses without a second thought, in this order.
USUAL = ["Fail over", "Confirm…", "Ask the second person", "Check that it is so already", "Check now", "Try again",
         "Read what it would change"]
REDIRECT = "Point clients at Sweden Central"
# What can be operated has to say what it is.
CONTROLS = {"push button", "toggle button", "radio button", "check box", "entry", "page tab", "table row", "list item",
            "combo box", "slider", "spin button", "link"}
STATES = [int(getattr(Atspi.StateType, name)) for name in ("SENSITIVE", "FOCUSED", "ACTIVE")]
# Keys that stand on the buttons; what has none is walked to.
KEYS = {"Start the rehearsal": "Return", "Fail over": "Return", "Check now": "Return", "Ask the second person": "a",
        "Confirm…": "h", "Try again": "r", "Read what it would change": "p", "Read again": "p",
        "Jump to the next event": "j", "faster": "plus", "Dismiss": "Escape", "Papers": "g", "Add to the ledger": "l",
        "Add a loss": "x", "Close the run": "ctrl+l"}
SCREENS = ["Situation", "Run", "Runbooks", "Recovery", "Rehearse", "Audit", "Settings", "Approve", "Commander"]
ACTION, TEXT = "org.a11y.atspi.Action", "org.a11y.atspi.Text"
WRITING, PLACE = "org.a11y.atspi.EditableText", "org.a11y.atspi.Component"
ROOT = "/org/a11y/atspi/accessible/root"


class Stuck(Exception):
    """What was seen last, in words."""


class Node:
    """One node of the tree, as it was when it was looked at."""

    def __init__(self, item):
        self.path, self.can = item[0][1], item[5]
        self.name = item[6]
        self.role = role_name(item[7])
        states = item[9]
        self.on, self.focused, self.active = (bool(states[s // 32] >> (s % 32) & 1) for s in STATES)


ROLES = {}


def role_name(number):
    if number not in ROLES:
        ROLES[number] = Atspi.role_get_name(Atspi.Role(number))
    return ROLES[number]


class Windows:
    """All windows of the program, seen through AT-SPI alone."""

    def __init__(self, program, limit, keyboard):
        self.keyboard = keyboard
        self.end = time.monotonic() + limit
        self.began = time.monotonic()
        self.pressed = {}
        self.fallbacks = []
        self.nameless = set()
        self.shots = []
        session = Gio.bus_get_sync(Gio.BusType.SESSION, None)
        address = session.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None,
                                    Gio.DBusCallFlags.NONE, 20_000, None).unpack()[0]
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.name = None
        self.operator = None
        self.app = subprocess.Popen([program])

    # -- seeing --

    def call(self, to, path, interface, method, args=None):
        answer = self.bus.call_sync(to, path, interface, method, args, None, Gio.DBusCallFlags.NONE, 20_000, None)
        return answer.unpack()

    def look(self):
        """Everything in the windows; empty while it cannot be read."""
        if self.app.poll() is not None:
            raise Stuck(f"the program ended by itself with {self.app.returncode}")
        if time.monotonic() > self.end:
            raise Stuck("the time is over")
        try:
            if self.name is None:
                # The session is the test's own: no other program is in it.
                apps = self.call("org.a11y.atspi.Registry", ROOT, "org.a11y.atspi.Accessible", "GetChildren")[0]
                if not apps:
                    return []
                self.name = apps[0][0]
            # As screen readers do: all of it in one answer.
            items = self.call(self.name, "/org/a11y/atspi/cache", "org.a11y.atspi.Cache", "GetItems")[0]
        except GLib.Error:
            # A window came or went while it was read: look again.
            return []
        children = {}
        for item in (i for i in items if i[0][1] != ROOT):
            children.setdefault(item[2][1], []).append(item)
        found = []

        def walk(path):
            for item in sorted(children.get(path, []), key=lambda i: i[3]):
                found.append(Node(item))
                walk(item[0][1])

        walk(ROOT)
        for n in found:
            if n.role in CONTROLS and not n.name.strip():
                self.nameless.add(f"{n.role} beside {[m.name for m in found if m.name][-6:]}")
        return found

    def until(self, wanted, why, patience=240):
        """Looks until `wanted(nodes)` is true, and gives its answer."""
        end = time.monotonic() + patience
        nodes = []
        while time.monotonic() < end:
            nodes = self.look()
            answer = wanted(nodes)
            if answer:
                return answer
            time.sleep(0.05)
        raise Stuck(f"{why}: not within {patience} s; the window says {texts(nodes)[-40:]}")

    # -- doing --

    def press(self, node):
        """Presses a node by its own action; by a click at its place only where it has none."""
        try:
            if self.keyboard:
                self.press_by_key(node)
            elif ACTION in node.can:
                self.call(self.name, node.path, ACTION, "DoAction", GLib.Variant("(i)", (0,)))
            else:
                x, y, w, h = self.call(self.name, node.path, PLACE, "GetExtents", GLib.Variant("(u)", (0,)))[0]
                place = [str(x + w // 2), str(y + h // 2)]
                subprocess.run(["xdotool", "mousemove", *place, "click", "1"], check=True)
                self.fallbacks.append(f"{node.role} `{node.name}` was clicked: it has no action")
        except GLib.Error:
            # It is gone: what follows is decided by the next look.
            return
        self.pressed[node.name] = self.pressed.get(node.name, 0) + 1
        say(self, f"pressed {node.role} `{node.name}`")
        # A few frames, so that the next look does not see what was there before.
        time.sleep(0.12)

    def press_named(self, name):
        """Presses what has this name, once it is there and on."""
        self.press(self.until(lambda ns: first(ns, name=name, on=True, pressable=True), f"the button {name}"))

    def press_by_key(self, node):
        """With the key on it; else with Tab to it and the space bar, as anything that has the focus is pressed."""
        nodes = self.look()
        send = sender(nodes)
        if send and send.name == node.name:
            type_keys("ctrl+Return")
        elif node.name in KEYS:
            type_keys(KEYS[node.name])
        elif primary([node, *nodes]) is node:
            type_keys("ctrl+Return")
        else:
            self.walk_to(node)
            type_keys("Return" if node.role == "table row" else "space")

    def walk_to(self, node):
        """Tab, until it has the focus."""
        way = []
        for _ in range(150):
            way.extend((n.role, n.name) for n in self.look() if n.focused)
            if way[-1:] == [(node.role, node.name)]:
                return
            type_keys("Tab")
        raise Stuck(f"Tab does not come to {node.role} `{node.name}`, but by {way}")

    def go(self, screen):
        """Shows a screen by its tab."""
        if self.keyboard:
            number = SCREENS.index(screen) + 1
            type_keys(f"ctrl+{number}")
            return
        tab = self.until(lambda ns: first(ns, role="page tab", starts=screen), f"the tab {screen}")
        self.press(tab)

    def text(self, node):
        length = self.call(self.name, node.path, "org.freedesktop.DBus.Properties", "Get",
                           GLib.Variant("(ss)", (TEXT, "CharacterCount")))[0]
        return self.call(self.name, node.path, TEXT, "GetText", GLib.Variant("(ii)", (0, length)))[0]

    def write(self, node, text):
        """Writes into a field."""
        if WRITING not in node.can:
            raise Stuck(f"the field `{node.name}` takes no text")
        if self.keyboard:
            self.walk_to(node)
            type_keys("ctrl+a")
            subprocess.run(["xdotool", "type", "--delay", "15", text], check=True)
            time.sleep(0.2)
            return
        self.call(self.name, node.path, WRITING, "SetTextContents", GLib.Variant("(s)", (text,)))
        time.sleep(0.1)

    def picture(self, name):
        """Keeps what is on the screen."""
        folder = os.environ.get("LIFEBOAT_PICTURES")
        if folder:
            time.sleep(0.6)
            os.makedirs(folder, exist_ok=True)
            file = os.path.join(folder, f"{name}.png")
            subprocess.run(["import", "-window", "root", file], check=True)
            self.shots.append(file)


def type_keys(*names):
    for name in names:
        subprocess.run(["xdotool", "key", name], check=True)
        time.sleep(0.15)


def say(window, text):
    print(f"{time.monotonic() - window.began:6.1f} s  {text}", flush=True)


def texts(nodes):
    return [n.name for n in nodes if n.name]


def first(nodes, role=None, name=None, starts=None, on=None, pressable=False):
    """The first node of that kind."""
    for n in nodes:
        if role and n.role != role or pressable and ACTION not in n.can:
            continue
        if name is not None and n.name != name:
            continue
        if starts is not None and not n.name.startswith(starts):
            continue
        if on is not None and n.on != on:
            continue
        return n
    return None


def button(nodes, name, on=True):
    return first(nodes, role="push button", name=name, on=on)


def says(words):
    """Whether they stand somewhere."""
    return lambda nodes: any(words in n.name for n in nodes)


# -- what a person does --


def fields(nodes):
    return [n for n in nodes if n.role in ("entry", "text", "paragraph") and WRITING in n.can]


def cancel_of(nodes):
    return next((i for i, n in enumerate(nodes) if n.role == "push button" and n.name == "Cancel"), None)


def sender(nodes):
    """The dialog's own button, once it can be pressed: it stands right before Cancel."""
    end = cancel_of(nodes)
    button = next((n for n in reversed(nodes[:end or 0]) if n.role == "push button"), None)
    return button if button and button.on else None


def answer_dialog(w, nodes, words=()):
    """Fills in the open dialog and sends it."""
    left = list(words)
    end = cancel_of(nodes)
    if end is None:
        return
    entries = [f for f in fields(nodes[:end]) if not f.name.startswith("Paste their answer")]
    for field in entries:
        # The field's label is its name; it says what has to be typed.
        name = re.match(r"Type (\S+) to confirm", field.name)
        known = w.text(field).strip()
        if known in ("", "Confirmed.") or name:
            w.write(field, name.group(1) if name else left.pop(0) if left else WORD)
    send = w.until(sender, f"the dialog's button goes on; fields: {texts(entries)}")
    w.press(send)
    w.until(lambda ns: ns and not button(ns, "Cancel"), f"the dialog of `{send.name}` closes", 60)


def primary(nodes):
    """The step's button, when it is the one that changes Azure: it has the step's own title, or says so."""
    titles = {n.name for n in nodes if n.role in ("label", "heading")}
    for n in nodes:
        if n.role == "push button" and (n.name == "Do it" or n.name in titles) and n.name:
            return n
    return None


def clock(nodes):
    """`Clock 1×`."""
    return next((n.name for n in nodes if n.role == "label" and n.name.startswith("Clock ")), "")


def answer(w, nodes, seen):
    """The second person is asked: the first time they answer from a process of their own, with their own key."""
    seen["asked"] += 1
    if seen["asked"] == 1:
        block = w.until(lambda ns: next((n.name for n in ns if "[Lifeboat" in n.name), None), "the request is signed")
        w.picture("asked")
        done = subprocess.run([seen["colleague"], "approve", "-"], input=f"{block.strip()}\nyes\n", text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        say(w, f"the third process said {done.returncode}: {done.stderr.strip().splitlines()[:1]}")
        if done.returncode != 0:
            raise Stuck(f"the second person could not answer: {done.stderr}")
        seen["shown"] = done.stderr
        field = w.until(lambda ns: first(fields(ns), starts="Paste their answer"), "the answer's field")
        w.write(field, done.stdout)
        w.press_named("Take the answer")
    else:
        w.press_named("On this device")
        w.press_named("They agree on this device…")
        answer_dialog(w, w.until(lambda ns: button(ns, "Cancel") and ns, "the dialog for their name"), ["Grace"])
    w.until(lambda ns: ns and not says("The second person is asked")(ns), "the answer is taken")


def papers(w):
    """What people keep beside the steps."""
    w.press_named("Papers")
    for name, words in [("Add to the ledger", ["Container sessions-2026-11"]), ("Add a loss", ["140 requests"]),
                        ("Paste a text", ["ticket 4711", "opened at 03:05"]), ("Add a finding", ["no right to write"])]:
        w.press_named(name)
        answer_dialog(w, w.until(lambda ns: button(ns, "Cancel") and ns, f"the dialog of {name}"), words)
        w.until(says(words[0]), f"{words[0]} stands in the papers")
    w.picture("papers")
    w.press_named("Timeline")
    w.until(lambda ns: first(ns, name="Back to the step", on=True) and says("Planned until")(ns), "the timeline")
    w.picture("timeline")
    w.press_named("Now")


def look_on(w):
    """What a commander looks at: everything is said, and nothing can be pressed."""
    w.go("Commander")
    nodes = w.until(lambda ns: says("Who waits for what")(ns) and ns, "the commander's view")
    if not first(nodes, starts="Map of regions"):
        raise Stuck("the commander's view has no map")
    w.picture("commander")
    w.go("Approve")
    w.until(lambda ns: first(ns, role="entry", starts="Paste their request"), "the screen of the second person")
    w.picture("approve")
    w.go("Run")


def turn(w, seen):
    """One turn: the first thing that makes sense. False: the run is closed."""
    nodes = w.look()
    if not nodes:
        return True
    if button(nodes, "Leave the run"):
        return False
    if button(nodes, "Cancel"):
        answer_dialog(w, nodes)
        return True
    if button(nodes, "Dismiss"):
        seen["notices"].append([n.name for n in nodes if n.role == "label"][-6:])
        w.press(button(nodes, "Dismiss"))
        return True
    if "max" in clock(nodes) or "fast as possible" in clock(nodes):
        time.sleep(0.1)
        return True
    if says("The second person is asked")(nodes) and seen["colleague"]:
        answer(w, nodes, seen)
        return True
    do = primary(nodes)
    if do is not None and do.name == REDIRECT and do.on:
        if not first(nodes, name="What changes"):
            raise Stuck("the redirect is offered, but not what it changes")
        if "run" not in seen["pictures"]:
            seen["pictures"].add("run")
            w.picture("run")
    usual = next((b for b in (button(nodes, name) for name in USUAL) if b), None)
    if usual is not None and usual.name == "Fail over" and "situation" not in seen["pictures"]:
        seen["pictures"].add("situation")
        w.go("Situation")
        w.until(lambda ns: first(ns, role="heading", starts="East US is down"), "the verdict names East US")
        w.picture("situation")
        look_on(w)
        return True
    if usual is not None:
        w.press(usual)
        return True
    if do is not None and do.on:
        w.press(do)
        if do.name == REDIRECT:
            papers(w)
        return True
    jump = button(nodes, "Jump to the next event")
    if jump is not None:
        w.press(jump)
        return True
    if do is not None and not first(nodes, role="label", starts="Reading from Azure"):
        # A guard asks for time. Nothing is at work, so there is no event to jump to: the clock goes faster, and stays so.
        seen["guards"] += 1
        faster = button(nodes, "faster")
        if faster and clock(nodes) != "Clock 60×":
            w.press(faster)
            return True
        again = button(nodes, "Read again")
        if again is None:
            raise Stuck(f"`{do.name}` is refused, and cannot be read again")
        time.sleep(0.5)
        w.press(again)
        return True
    skip = button(nodes, "Skip…")
    close = button(nodes, "Close the run")
    if skip is None and close is not None and over(nodes):
        w.press(close)
        answer_dialog(w, w.until(lambda ns: button(ns, "Cancel") and ns, "it is asked how the run ended"))
        w.until(lambda ns: button(ns, "Leave the run"), "the run is closed")
        return True
    time.sleep(0.1)
    return True


def over(nodes):
    """All steps are over: the tab of the run counts them."""
    tab = first(nodes, role="page tab", starts="Run, ")
    count = re.match(r"Run, (\d+) / (\d+)", tab.name) if tab else None
    return bool(count) and count.group(1) == count.group(2)


def started(w):
    w.until(lambda ns: button(ns, "Start the rehearsal"), "the first start offers a rehearsal")
    say(w, "the window is there")
    w.picture("start")


def rehearse(w, colleague):
    started(w)
    for screen, proof in [("Runbooks", None), ("Rehearse", "Start East US stops answering"), ("Settings", "Operator")]:
        w.go(screen)
        if proof:
            w.until(lambda ns: first(ns, name=proof), f"the screen {screen}")
        w.picture(screen.lower())
    w.go("Situation")
    w.until(lambda ns: button(ns, "Start the rehearsal"), "the way back to the first page")

    def start():
        for b in filter(None, [button(w.look(), "Start the rehearsal")]):
            w.press(b)

    do_until(w, start, lambda ns: first(ns, role="page tab", starts="Run, "), "the run is open")

    seen = {"pictures": set(), "notices": [], "guards": 0, "asked": 0, "shown": "", "colleague": colleague}
    while turn(w, seen):
        pass
    nodes = w.until(lambda ns: button(ns, "See the record") and ns, "the run says how it ended")
    ended = [n.name for n in nodes if n.role == "label"]
    points = next((t for t in ended if re.match(r"\d+ of \d+ points", t)), "")
    how = next((t for t in ended if t.startswith(("Recovered", "Not recovered", "Inconclusive", "False alarm"))), "")
    w.picture("score")
    w.go("Rehearse")
    w.until(says("Decision: Fail over"), "the score sheet")
    w.picture("sheet")
    w.go("Run")
    # The score sheet has a button of that name as well.
    w.until(lambda ns: button(ns, "Leave the run"), "the closed run is on show again")
    w.press_named("See the record")
    row = w.until(lambda ns: first(ns, role="table row", starts="Entry "), "the record is shown")
    w.press(row)
    w.until(lambda ns: button(ns, "Copy the entry"), "an entry is shown in full")
    intact = w.until(lambda ns: first(ns, starts="Record "), "the record is verified").name
    w.picture("audit")
    return {"closed": how, "score": points, "record": intact, "guards": seen["guards"], "notices": seen["notices"],
            "asked": seen["asked"], "shown": seen["shown"]}


# -- two windows --

# What the scenario has in store after its begin, in its order; only the messages are told by themselves.
AHEAD = ["Customer care calls", "Dana, on a mobile network", "Investigating connectivity failures",
         "affected by a platform incident", "better to wait, since the platform", "eastus-inference is over"]
HIDDEN, MANAGER = 2, 4


def windows():
    find = ["xdotool", "search", "--onlyvisible", "--name", "Lifeboat"]
    return subprocess.run(find, check=False, text=True, stdout=subprocess.PIPE).stdout.split()


def keys(w, window, *names):
    """Keys into one of the windows, as a person with a keyboard has them."""
    subprocess.run(["xdotool", "windowfocus", "--sync", window], check=True, timeout=60)
    # The program has to hear of it, too, before a key counts as its own: the operator's window says whether it is active.
    w.until(lambda ns: ns and any(n.active for n in ns if n.role == "frame") == (window == w.operator), "the focus")
    time.sleep(0.3)
    type_keys(*names)


def do_until(w, deed, wanted, why):
    """Does it again when nothing came of it: a busy display may lose a key."""
    for _ in range(12):
        deed()
        try:
            return w.until(wanted, why, 20)
        except Stuck as e:
            stuck = e
    raise stuck


def left(nodes):
    """Seconds that are left until the RTO, by the one clock."""
    caption = next((i for i, n in enumerate(nodes) if n.name.startswith("Left until the RTO")), None)
    figure = re.fullmatch(r"(\d+):(\d\d)", nodes[caption + 1].name) if caption is not None else None
    return 60 * int(figure.group(1)) + int(figure.group(2)) if figure else None


def lead(w):
    """The facilitator's window opens beside the operator's, and gives nothing away.

    The toolkit publishes the tree of its first window only: the other one is led by its keys, and what they do is read in
    the operator's."""
    started(w)
    w.press(w.until(lambda ns: button(ns, "Start the rehearsal"), "the first page"))
    w.until(lambda ns: first(ns, role="page tab", starts="Run, "), "the run is open")
    [operator] = windows()
    w.operator = operator
    do_until(w, lambda: keys(w, operator, "F10"), lambda ns: first(ns, name="Open it", on=True),
             "it is asked whether the facilitator's window is meant")
    keys(w, operator, "ctrl+Return")
    end = time.monotonic() + 240
    while len(windows()) < 2 and time.monotonic() < end:
        time.sleep(0.1)
    [room] = [i for i in windows() if i != operator]
    do_until(w, lambda: keys(w, room, "p"), lambda ns: first(ns, name="Clock stopped"), "the clock stands")
    w.picture("two")

    allowed, looks = set(), 0

    def secrets():
        """Nothing that has not come, and nothing of the other window."""
        nonlocal looks
        for screen in ("Situation", "Audit", "Commander", "Run"):
            w.go(screen)
            shown = "\n".join(texts(w.until(lambda ns: ns, "the screen")))
            words = [word for i, word in enumerate(AHEAD) if i not in allowed]
            for word in [*words, "FACILITATOR", "The operator is at", "Let it come now", "Nobody read the guard"]:
                if word in shown:
                    raise Stuck(f"the operator's window shows `{word}` on {screen}")
            looks += 1

    secrets()
    # Hold: fifteen minutes pass, and what was due in them does not come.
    keys(w, room, "h")
    for _ in range(3):
        before = w.until(left, "the clock to the RTO")
        do_until(w, lambda: keys(w, room, "comma"),
                 lambda ns: first(ns, name="Clock stopped") and before - (left(ns) or before) >= 300, "five minutes pass")
    secrets()
    # Now: one that is far ahead is brought forward, and the operator is told it.
    allowed.add(MANAGER)
    do_until(w, lambda: keys(w, room, "Home", *["Down"] * MANAGER, "i"), says(AHEAD[MANAGER]),
             "what was brought forward is told")
    secrets()
    # Reveal: the next one is hidden, and told although it has not come.
    allowed.add(HIDDEN)
    do_until(w, lambda: keys(w, room, "Home", *["Down"] * HIDDEN, "r"), says(AHEAD[HIDDEN]), "what was revealed is told")
    # Say, and a note that stays there.
    def write(key, words):
        keys(w, room, "Escape", key)
        subprocess.run(["xdotool", "type", "--delay", "20", words], check=True)
        keys(w, room, "Return")

    do_until(w, lambda: write("s", "Your manager is on the line"), says("Your manager is on the line"),
             "what was said is heard")
    write("n", "Nobody read the guard aloud")
    secrets()
    w.picture("told")
    # Its own cross closes it; the operator goes on.
    keys(w, room, "alt+F4")
    end = time.monotonic() + 240
    while len(windows()) > 1 and time.monotonic() < end:
        time.sleep(0.1)
    w.go("Situation")
    w.go("Run")
    keys(w, operator, "ctrl+1")
    return {"looks": looks, "left": len(windows())}


def accessible():
    """Says that a screen reader is there, as one would: programs publish their tree only then."""
    bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
    value = GLib.Variant("(ssv)", ("org.a11y.Status", "IsEnabled", GLib.Variant("b", True)))
    bus.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Set", value, None,
                  Gio.DBusCallFlags.NONE, 20_000, None)


def main():
    program, limit, what = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    # Ended by the test: end the program as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    accessible()
    w = Windows(program, limit, what == "keys")
    report = {"ok": False}
    try:
        report.update(lead(w) if what == "two" else rehearse(w, next(iter(sys.argv[4:]), None)))
        # As with the window's own cross.
        subprocess.run(["xdotool", "key", "alt+F4"], check=True)
        report["exit"] = w.app.wait(20)
        report["ok"] = True
    except (Stuck, ValueError, GLib.Error, subprocess.SubprocessError) as e:
        report["stuck"] = str(e)
        w.picture("stuck")
        print("the window said:\n  " + "\n  ".join(f"{n.role} `{n.name}`" + ("" if n.on else " (off)")
              for n in safe_look(w) if n.name), flush=True)
    finally:
        if w.app.poll() is None:
            w.app.kill()
            w.app.wait()
    report.update(seconds=round(time.monotonic() - w.began), pressed=w.pressed, fallbacks=w.fallbacks,
                  nameless=sorted(w.nameless), pictures=w.shots)
    print(json.dumps(report, ensure_ascii=False), flush=True)
    sys.exit(0 if report["ok"] else 1)


def safe_look(w):
    w.end = time.monotonic() + 10
    try:
        return w.look()
    except Stuck:
        return []


main()
