#!/usr/bin/python3
"""Drives the rehearsal in the real window as a person with a screen reader would: through the accessibility tree.

    drive.py LIFEBOAT SECONDS

It needs DISPLAY, a D-Bus session of its own and LIFEBOAT_HOME. It presses what it sees, never what it expects: every turn
it looks at the window anew, and does the first thing that makes sense of what stands there. With LIFEBOAT_PICTURES=DIR it
keeps a picture of each screen. The last line is JSON: what was pressed, how often, and what the window said at the end.
Exit code 0 when the run was closed.
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


class Stuck(Exception):
    """What was seen last, in words."""


class Node:
    """One node of the tree, as it was when it was looked at."""

    def __init__(self, it):
        self.it = it
        self.role = it.get_role_name()
        self.name = it.get_name() or ""
        states = it.get_state_set()
        self.on = states.contains(Atspi.StateType.SENSITIVE)
        self.chosen = states.contains(Atspi.StateType.CHECKED) or states.contains(Atspi.StateType.SELECTED)


class Window:
    """The window, seen through AT-SPI alone."""

    def __init__(self, program, limit):
        self.end = time.monotonic() + limit
        self.began = time.monotonic()
        self.pressed = {}
        self.fallbacks = []
        self.shots = []
        self.app = subprocess.Popen([program])

    # -- seeing --

    def look(self):
        """Everything in the window; empty while it cannot be read."""
        if self.app.poll() is not None:
            raise Stuck(f"the program ended by itself with {self.app.returncode}")
        if time.monotonic() > self.end:
            raise Stuck("the time is over")
        found = []

        def walk(it, depth):
            if it is None or depth > 40:
                return
            found.append(Node(it))
            for i in range(it.get_child_count()):
                walk(it.get_child_at_index(i), depth + 1)

        try:
            desktop = Atspi.get_desktop(0)
            for i in range(desktop.get_child_count()):
                # The session is the test's own: no other program is in it.
                walk(desktop.get_child_at_index(i), 0)
        except GLib.Error:
            # A node went away while it was read: look again.
            return []
        return found

    def until(self, wanted, why, patience=60):
        """Looks until `wanted(nodes)` is true, and gives its answer."""
        end = time.monotonic() + patience
        nodes = []
        while time.monotonic() < end:
            nodes = self.look()
            answer = wanted(nodes)
            if answer:
                return answer
            time.sleep(0.1)
        raise Stuck(f"{why}: not within {patience} s; the window says {texts(nodes)[-40:]}")

    # -- doing --

    def press(self, node):
        """Presses a node by its own action; by a click at its place only where it has none."""
        name = node.name
        try:
            action = node.it.get_action_iface()
            if action is not None and action.get_n_actions() > 0:
                action.do_action(0)
            else:
                at = node.it.get_component_iface().get_extents(Atspi.CoordType.SCREEN)
                place = [str(at.x + at.width // 2), str(at.y + at.height // 2)]
                subprocess.run(["xdotool", "mousemove", *place, "click", "1"], check=True)
                self.fallbacks.append(f"{node.role} `{name}` was clicked: it has no action")
        except GLib.Error:
            # It is gone: what follows is decided by the next look.
            return
        self.pressed[name] = self.pressed.get(name, 0) + 1
        say(self, f"pressed {node.role} `{name}`")
        # One frame, so that the next look does not see what was there before.
        time.sleep(0.25)

    def go(self, screen):
        """Shows a screen by its tab."""
        tab = self.until(lambda ns: first(ns, role="page tab", starts=screen), f"the tab {screen}")
        self.press(tab)

    def write(self, node, text):
        """Writes into a field."""
        field = node.it.get_editable_text_iface()
        if field is None or not field.set_text_contents(text):
            raise Stuck(f"the field `{node.name}` takes no text")
        time.sleep(0.15)

    def picture(self, name):
        """Keeps what is on the screen."""
        folder = os.environ.get("LIFEBOAT_PICTURES")
        if folder:
            time.sleep(0.6)
            os.makedirs(folder, exist_ok=True)
            file = os.path.join(folder, f"{name}.png")
            subprocess.run(["import", "-window", "root", file], check=True)
            self.shots.append(file)


def say(window, text):
    print(f"{time.monotonic() - window.began:6.1f} s  {text}", flush=True)


def texts(nodes):
    return [n.name for n in nodes if n.name]


def first(nodes, role=None, name=None, starts=None, on=None):
    """The first node of that kind."""
    for n in nodes:
        if role and n.role != role:
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


# -- what a person does --


def answer_dialog(w, nodes):
    """Fills in the open dialog and sends it."""
    entries = [n for n in nodes if n.role in ("entry", "text", "paragraph")]
    for field in entries:
        held = field.it.get_text_iface()
        known = held.get_text(0, held.get_character_count()).strip() if held is not None else ""
        # The field's label is its name; it says what has to be typed.
        name = re.match(r"Type (\S+) to confirm", field.name)
        text = name.group(1) if name else WORD
        if known in ("", "Confirmed.") or name:
            w.write(field, text)
    nodes = w.look()
    cancel = next((i for i, n in enumerate(nodes) if n.role == "push button" and n.name == "Cancel"), None)
    if cancel is None:
        return
    # The dialog's own button stands right before Cancel.
    send = next(n for n in reversed(nodes[:cancel]) if n.role == "push button")
    if not send.on:
        raise Stuck(f"the dialog's button `{send.name}` stays off; fields: {[f.name for f in entries]}")
    w.press(send)
    w.until(lambda ns: not button(ns, "Cancel"), f"the dialog of `{send.name}` closes", 10)


def primary(nodes):
    """The step's button, when it is the one that changes Azure: it has the step's own title, or says so."""
    titles = {n.name for n in nodes if n.role == "label"}
    for n in nodes:
        if n.role == "push button" and (n.name == "Do it" or n.name in titles) and n.name:
            return n
    return None


def clock(nodes):
    """`Clock 1×`."""
    return next((n.name for n in nodes if n.role == "label" and n.name.startswith("Clock ")), "")


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
        time.sleep(0.2)
        return True
    do = primary(nodes)
    if do is not None and do.name == REDIRECT and do.on:
        if not first(nodes, role="label", name="What changes"):
            raise Stuck("the redirect is offered, but not what it changes")
        if "run" not in seen["pictures"]:
            seen["pictures"].add("run")
            w.picture("run")
    usual = next((b for b in (button(nodes, name) for name in USUAL) if b), None)
    if usual is not None and usual.name == "Fail over" and "situation" not in seen["pictures"]:
        seen["pictures"].add("situation")
        w.go("Situation")
        w.until(lambda ns: first(ns, role="label", starts="East US is down"), "the verdict names East US")
        w.picture("situation")
        w.go("Run")
        return True
    if usual is not None:
        w.press(usual)
        return True
    if do is not None and do.on:
        # At a person's pace again, should a wait have been hurried.
        slower = button(nodes, "slower") if clock(nodes) != "Clock 1×" else None
        w.press(slower or do)
        return True
    if do is not None and not first(nodes, role="label", starts="Reading from Azure"):
        # A guard asks for time. Nothing is at work, so there is no event to jump to: the clock goes faster.
        seen["guards"] += 1
        faster = button(nodes, "faster")
        if faster and clock(nodes) != "Clock 60×":
            w.press(faster)
            return True
        again = button(nodes, "Read again")
        if again is None:
            raise Stuck(f"`{do.name}` is refused, and cannot be read again")
        time.sleep(2)
        w.press(again)
        return True
    jump = button(nodes, "Jump to the next event")
    if jump is not None:
        w.press(jump)
        time.sleep(0.3)
        return True
    skip = button(nodes, "Skip…")
    close = button(nodes, "Close the run")
    if skip is None and close is not None and over(nodes):
        w.press(close)
        return True
    time.sleep(0.2)
    return True


def over(nodes):
    """All steps are over: the tab of the run counts them."""
    tab = first(nodes, role="page tab", starts="Run, ")
    count = re.match(r"Run, (\d+) / (\d+)", tab.name) if tab else None
    return bool(count) and count.group(1) == count.group(2)


def rehearse(w):
    w.until(lambda ns: button(ns, "Start the rehearsal"), "the first start offers a rehearsal")
    say(w, "the window is there")
    w.picture("start")
    for screen, proof in [("Runbooks", None), ("Rehearse", "Start East US stops answering"), ("Settings", "Operator")]:
        w.go(screen)
        if proof:
            w.until(lambda ns: first(ns, name=proof), f"the screen {screen}", 10)
        w.picture(screen.lower())
    w.go("Situation")
    w.press(w.until(lambda ns: button(ns, "Start the rehearsal"), "the way back to the first page"))
    w.until(lambda ns: first(ns, role="page tab", starts="Run, "), "the run is open")

    seen = {"pictures": set(), "notices": [], "guards": 0}
    while turn(w, seen):
        pass
    nodes = w.until(lambda ns: button(ns, "See the record") and ns, "the run says how it ended")
    ended = [n.name for n in nodes if n.role == "label"]
    points = next((t for t in ended if re.match(r"\d+ of \d+ points", t)), "")
    how = next((t for t in ended if t.startswith(("Recovered", "Not recovered", "Inconclusive", "False alarm"))), "")
    w.picture("score")
    w.press(button(nodes, "See the record"))
    row = w.until(lambda ns: first(ns, role="table row", starts="Entry "), "the record is shown")
    w.press(row)
    w.until(lambda ns: button(ns, "Copy the entry"), "an entry is shown in full")
    intact = w.until(lambda ns: first(ns, role="label", starts="Record "), "the record is verified").name
    w.picture("audit")
    return {"closed": how, "score": points, "record": intact, "guards": seen["guards"], "notices": seen["notices"]}


def accessible():
    """Says that a screen reader is there, as one would: programs publish their tree only then."""
    bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
    value = GLib.Variant("(ssv)", ("org.a11y.Status", "IsEnabled", GLib.Variant("b", True)))
    bus.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Set", value, None,
                  Gio.DBusCallFlags.NONE, 20_000, None)


def main():
    program, limit = sys.argv[1], float(sys.argv[2])
    # Ended by the test: end the program as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    accessible()
    w = Window(program, limit)
    report = {"ok": False}
    try:
        report.update(rehearse(w))
        # As with the window's own cross.
        subprocess.run(["xdotool", "key", "alt+F4"], check=True)
        report["exit"] = w.app.wait(20)
        report["ok"] = True
    except (Stuck, GLib.Error, subprocess.SubprocessError) as e:
        report["stuck"] = str(e)
        w.picture("stuck")
        print("the window said:\n  " + "\n  ".join(f"{n.role} `{n.name}`" + ("" if n.on else " (off)")
              for n in safe_look(w) if n.name), flush=True)
    finally:
        if w.app.poll() is None:
            w.app.kill()
            w.app.wait()
    report.update(seconds=round(time.monotonic() - w.began), pressed=w.pressed, fallbacks=w.fallbacks, pictures=w.shots)
    print(json.dumps(report, ensure_ascii=False), flush=True)
    sys.exit(0 if report["ok"] else 1)


def safe_look(w):
    w.end = time.monotonic() + 10
    try:
        return w.look()
    except Stuck:
        return []


main()
