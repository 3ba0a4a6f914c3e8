//! The accessibility tree of every screen and dialog: what can be pressed says what it is, Tab comes to all of it in the order
//! in which it is read, the focus is always to be seen, and Escape changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use eframe::egui::accesskit::{Action, Role};
use eframe::egui::{self, Key, Modifiers, Rect, Shape, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT;
use lifeboat::desk::protocol::{Command, WatchIntent};
use lifeboat::desk::snapshot::{Mode, Snapshot};
use lifeboat::ui::intent::{self, Intent, Row, TABLE};
use lifeboat::ui::screens::rehearse::Part;
use lifeboat::ui::theme::{DARK, LIGHT};
use lifeboat::ui::view::{Column, Screen};

use super::{Window, audit, facilitator, hooks, pair, recovery, rehearse, sample, shelf, situations};

/// Tab goes round in less than this on every screen.
const MOST_STOPS: usize = 400;
/// Things on one line need not stand on one pixel.
const SLACK: f32 = 14.0;

const SIZE: [f32; 2] = [1280.0, 800.0];
const SMALL: [f32; 2] = [960.0, 600.0];
/// As tall as the longest page.
const TALL: [f32; 2] = [1280.0, 3_200.0];

/// One thing of the tree that can be operated.
#[derive(Debug, Clone, PartialEq)]
struct Thing {
    id: String,
    role: Role,
    name: String,
    at: Rect,
    on: bool,
    stops: bool,
    focused: bool,
}

fn name_of(node: &egui_kittest::kittest::AccessKitNode<'_>) -> String {
    let said = |n: &egui_kittest::kittest::AccessKitNode<'_>| n.label().or_else(|| n.value()).unwrap_or_default();
    node.label().unwrap_or_else(|| node.labelled_by().map(|l| said(&l)).collect())
}

fn things<S>(harness: &Harness<'_, S>) -> Vec<Thing> {
    let each = |node: egui_kittest::Node<'_>| {
        let n = node.accesskit_node();
        let (clicks, stops) = (n.data().supports_action(Action::Click), n.data().supports_action(Action::Focus));
        let b = n.bounding_box()?;
        let at = Rect::from_min_max(pos2(b.x0 as f32, b.y0 as f32), pos2(b.x1 as f32, b.y1 as f32));
        // Text that can be marked, and what only scrolls, is not operated.
        let still = matches!(n.role(), Role::Label | Role::ScrollBar) || !at.is_finite();
        ((clicks || stops) && !still).then(|| Thing {
            id: format!("{:?}", n.id()),
            role: n.role(),
            name: name_of(&n).trim().to_owned(),
            at,
            on: !n.is_disabled(),
            stops,
            focused: n.is_focused(),
        })
    };
    harness.root().children_recursive().filter_map(each).collect()
}

/// What says by itself what can be done with it.
fn speaks(role: Role) -> bool {
    matches!(
        role,
        Role::Button
            | Role::RadioButton
            | Role::CheckBox
            | Role::ComboBox
            | Role::TextInput
            | Role::MultilineTextInput
            | Role::PasswordInput
            | Role::ListBoxOption
            | Role::Tab
            | Role::Row
            | Role::Link
            | Role::Slider
            | Role::SpinButton
            | Role::DisclosureTriangle
    )
}

/// Everything the ring of a focus could be painted with.
fn rings(shapes: &[egui::epaint::ClippedShape], ink: egui::Color32) -> Vec<(Rect, Rect)> {
    fn look(shape: &Shape, clip: Rect, ink: egui::Color32, out: &mut Vec<(Rect, Rect)>) {
        match shape {
            Shape::Vec(all) => all.iter().for_each(|s| look(s, clip, ink, out)),
            Shape::Rect(r) if r.stroke.width >= 1.5 && r.stroke.color == ink => out.push((r.rect, clip)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    shapes.iter().for_each(|s| look(&s.shape, s.clip_rect, ink, &mut out));
    out
}

/// What is wrong with what is on show.
struct Finds(BTreeSet<String>);

impl Finds {
    fn say(&mut self, place: &str, what: String) {
        self.0.insert(format!("{place}: {what}"));
    }

    fn nothing(self) {
        let all: Vec<String> = self.0.into_iter().collect();
        assert!(all.is_empty(), "{} finds:\n{}", all.len(), all.join("\n"));
    }
}

/// What the mouse alone can press has another way: a key of the table, or something to press that does the same.
fn by_another_way(t: &Thing, all: &[Thing]) -> bool {
    let keyed = |label: &str| TABLE.iter().any(|r| r.key.is_some() && r.label == label);
    let beside = |word: &str| all.iter().any(|o| o.stops && o.name.contains(word));
    if let Some(regions) = t.name.strip_prefix("Map of regions: ") {
        let first = regions.split(", ").next().and_then(|r| r.rsplit_once(' ')).map_or("", |(name, _)| name);
        return t.role == Role::Image && (beside(first) || t.at.width() < 480.0);
    }
    let pinned = ["Keep ", "Do not keep "].iter().any(|p| t.name.starts_with(p)) && t.name.ends_with(" on top");
    keyed(&t.name)
        || pinned && keyed("Keep on top, or no longer")
        || t.name.starts_with("Rehearsal ") && all.iter().any(|o| o.stops && o.role == Role::Row)
}

/// Named alike, for they do the same.
const ALIKE: [&str; 2] = ["Go on", "Rehearse"];

/// The foot of a column is drawn before what scrolls above it, so that nothing pushes it out of the window: Tab comes to
/// what decides first, and to the rest after it. So it is with the facilitator's hands, and with a notice over the screen.
/// The last button of a dialog leads to its first field.
const FEET: [&str; 10] = [
    "Put away",
    "Start ",
    "Hold all back",
    "Keep it",
    "Make ",
    "Dismiss",
    "Skip…",
    "Copy the command",
    "Open its score sheet",
    "Cancel",
];
/// A notice lies over the screen, and comes after it.
const OVER: [&str; 3] = ["Show the cause", "Hide the cause", "Dismiss"];

/// Names, roles and labels.
fn named<S>(place: &str, harness: &Harness<'_, S>, finds: &mut Finds) {
    let all = things(harness);
    assert!(!all.is_empty(), "{place}: nothing can be operated");
    let mut names: BTreeMap<&str, Vec<&Thing>> = BTreeMap::new();
    for t in &all {
        if !speaks(t.role) && !by_another_way(t, &all) {
            finds.say(place, format!("a {:?} `{}` at {:?} does not say what it is", t.role, t.name, t.at));
        }
        // What is not known is left out of a sentence, commas and all.
        if t.name.contains(", ,") || t.name.contains(", .") {
            finds.say(place, format!("`{}` has a gap", t.name));
        }
        if t.name.is_empty() {
            finds.say(place, format!("a {:?} at {:?} has no name", t.role, t.at));
        }
        if !t.stops && t.on && !by_another_way(t, &all) {
            finds.say(place, format!("`{}` ({:?}) is for the mouse alone", t.name, t.role));
        }
        names.entry(&t.name).or_default().push(t);
    }
    for (name, same) in names.iter().filter(|(n, same)| same.len() > 1 && !n.is_empty() && !ALIKE.contains(n)) {
        let at: Vec<_> = same.iter().map(|t| (t.role, t.at.min)).collect();
        finds.say(place, format!("{} things are named `{name}`: {at:?}", same.len()));
    }
}

/// Tab through all of it: everything is reached, in the order it is read, and the ring is always there.
fn walked<S>(place: &str, harness: &mut Harness<'_, S>, finds: &mut Finds) {
    let wanted: BTreeMap<String, String> =
        things(harness).into_iter().filter(|t| t.stops && t.on).map(|t| (t.id, t.name)).collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut before: Option<Thing> = None;
    for n in 0..MOST_STOPS {
        harness.key_press(Key::Tab);
        (0..2).for_each(|_| harness.step());
        let all = things(harness);
        let Some(now) = all.iter().find(|t| t.focused).cloned() else { continue };
        if before.as_ref().is_some_and(|b| b.id == now.id) {
            finds.say(place, format!("Tab does not get away from `{}`", now.name));
            break;
        }
        if seen.contains(&now.id) {
            // Round once: what took the focus when it opened comes first, not at its place.
            if n > 2 && wanted.keys().all(|w| seen.contains(w)) || n > 2 * wanted.len() + 4 {
                break;
            }
        } else if let Some(b) = before.as_ref().and_then(|b| all.iter().find(|t| t.id == b.id)) {
            // Where it stands now: the page may have been scrolled.
            let above = now.at.bottom() <= b.at.top() + SLACK && now.at.left() < b.at.right() - SLACK;
            let left = now.at.right() <= b.at.left() + SLACK && now.at.top() < b.at.bottom() - SLACK;
            if (above || left) && !FEET.iter().any(|f| b.name.starts_with(f)) && !OVER.contains(&&*now.name) {
                finds.say(
                    place,
                    format!("Tab goes back from `{}` {:?} to `{}` {:?}", b.name, b.at.min, now.name, now.at.min),
                );
            }
        }
        let ink = if harness.ctx.theme() == egui::Theme::Dark { DARK.accent } else { LIGHT.accent };
        let around = now.at.expand(5.0);
        let ringed = rings(&harness.output().shapes, ink).iter().any(|(r, clip)| {
            around.contains_rect(*r) && r.area() > 0.5 * now.at.area() && clip.expand(4.0).intersects(*r)
        });
        if !ringed {
            finds.say(place, format!("the focus on `{}` ({:?}, {:?}) is not to be seen", now.name, now.role, now.at));
        }
        seen.insert(now.id.clone());
        before = Some(now);
    }
    for (id, name) in &wanted {
        if !seen.contains(id) {
            finds.say(place, format!("Tab never reaches `{name}`"));
        }
    }
}

fn at_size(snapshot: Snapshot, screen: Screen, size: [f32; 2]) -> Window {
    let mut w = Window::sized(snapshot, size);
    w.harness.state_mut().show(screen);
    w.harness.run();
    w
}

fn column(size: [f32; 2], column: Column) -> Window {
    let mut w = at_size(pair::full(), Screen::Run, size);
    w.harness.state_mut().view_mut().column = column;
    w.harness.run();
    w
}

fn rehearsing(part: Part) -> Window {
    let mut w = at_size(
        Snapshot { trends: std::sync::Arc::new(rehearse::trends()), ..rehearse::on_call() },
        Screen::Rehearse,
        SIZE,
    );
    w.harness.state_mut().view_mut().rehearse.part = part;
    w.harness.run();
    w
}

fn auditing(part: &str) -> Window {
    let mut w = at_size(audit::pictured(), Screen::Audit, SIZE);
    audit::turn(w.harness.state_mut(), part);
    w.harness.run();
    w
}

type Place = (String, Box<dyn Fn() -> Window>);

fn place(name: &str, make: impl Fn() -> Window + 'static) -> Place {
    (name.to_owned(), Box::new(make))
}

/// Every screen in the states that look different.
fn places() -> Vec<Place> {
    use Screen as S;
    let mut out = vec![
        place("start", || at_size(sample::first_start(), S::Situation, SIZE)),
        place("situation", || at_size(sample::on_call(), S::Situation, SIZE)),
        place("situation, small", || at_size(situations::on(situations::down()), S::Situation, SMALL)),
        place("situation, fine", || at_size(situations::on(situations::fine()), S::Situation, SIZE)),
        place("situation, down", || at_size(situations::on(situations::down()), S::Situation, SIZE)),
        place("situation, blind", || at_size(situations::on(situations::blind()), S::Situation, SIZE)),
        place("situation, unknown", || at_size(situations::on(situations::unknown()), S::Situation, SIZE)),
        place("situation, many", || at_size(situations::on(situations::large(24, 200)), S::Situation, SIZE)),
        place("run", || at_size(sample::snapshot(), S::Run, SIZE)),
        place("run, no run", || at_size(sample::on_call(), S::Run, SIZE)),
        place("run, reading", || at_size(sample::at("V1"), S::Run, SIZE)),
        place("run, deciding", || at_size(sample::at("D4"), S::Run, SIZE)),
        place("run, failed", || at_size(sample::at("F2"), S::Run, SIZE)),
        place("run, live", || at_size(sample::live(), S::Run, SIZE)),
        place("run, waiting", || at_size(pair::waiting(), S::Run, SIZE)),
        place("run, full", || at_size(pair::full(), S::Run, SIZE)),
        place("run, refused", || at_size(pair::refused(), S::Run, SIZE)),
        place("run, taking back", || at_size(pair::taking_back(), S::Run, SIZE)),
        place("run, handed over", || at_size(pair::handed_over(), S::Run, SIZE)),
        place("run, closed", || at_size(sample::closed(), S::Run, SIZE)),
        place("run, papers", || column(SIZE, Column::Papers)),
        place("commander", || at_size(pair::full(), S::Commander, SIZE)),
        place("approve", || at_size(pair::approving(pair::request(Mode::Live)), S::Approve, SIZE)),
        place("approve, answered", || at_size(pair::answered(), S::Approve, SIZE)),
        place("approve, none", || at_size(sample::on_call(), S::Approve, SIZE)),
        place("approve, waits", || at_size(pair::waiting(), S::Approve, SIZE)),
        place("recovery, unread", || at_size(sample::on_call(), S::Recovery, SIZE)),
        place("recovery", || at_size(recovery::snapshot(), S::Recovery, SIZE)),
        place("rehearse", || rehearsing(Part::Scenarios)),
        place("rehearse, trend", || rehearsing(Part::Trend)),
        place("rehearse, sheet", || at_size(sample::closed(), S::Rehearse, SIZE)),
        place("audit", || at_size(sample::snapshot(), S::Audit, SIZE)),
        place("settings", || at_size(hooks::settings(), S::Settings, TALL)),
    ];
    for part in ["entry", "integrity", "compare", "keeping", "export"] {
        out.push(place(&format!("audit, {part}"), move || auditing(part)));
    }
    for (name, _) in shelf::pages() {
        let make = move || shelf::pages().into_iter().find(|(n, _)| *n == name).unwrap().1;
        out.push(place(&format!("runbooks, {name}"), make));
    }
    for one in [Column::Step, Column::Clocks, Column::Papers] {
        out.push(place(&format!("run, small, {one:?}"), move || column(SMALL, one)));
    }
    for one in [Column::Checklist, Column::Step, Column::Clocks, Column::Papers] {
        out.push(place(&format!("run, smallest, {one:?}"), move || column([640.0, 480.0], one)));
    }
    out
}

/// Does what a line of the table says: by its key, else through the palette.
fn wish(w: &mut Window, row: &Row) {
    match row.key {
        Some(key) => w.harness.key_press_modifiers(key.modifiers, key.logical_key),
        None => {
            w.ctrl(Key::K);
            w.type_text(row.label);
            w.harness.key_press(Key::Enter);
        }
    }
    w.harness.run();
}

/// Everything that lies over a screen, wherever the table leads to it.
fn dialogs(each: &mut dyn FnMut(&str, &mut Window)) {
    let restricted = || at_size(sample::restricted(), Screen::Runbooks, SIZE);
    let grounds: Vec<Place> = vec![
        place("run", || at_size(pair::full(), Screen::Run, SIZE)),
        place("a step with a reading", || at_size(sample::at("V1"), Screen::Run, SIZE)),
        place("a decision", || at_size(sample::at("D4"), Screen::Run, SIZE)),
        place("a question", || at_size(pair::waiting(), Screen::Run, SIZE)),
        place("a refused guard", || at_size(pair::refused(), Screen::Run, SIZE)),
        place("a handed over run", || at_size(pair::handed_over(), Screen::Run, SIZE)),
        place("a led rehearsal", || at_size(facilitator::led(), Screen::Run, SIZE)),
        place("a restricted plan", restricted),
        place("a plan", || at_size(sample::on_call(), Screen::Runbooks, SIZE)),
        place("situation", || at_size(situations::on(situations::down()), Screen::Situation, SIZE)),
        place("a request", || at_size(pair::approving(pair::request(Mode::Live)), Screen::Approve, SIZE)),
        place("audit", || auditing("keeping")),
    ];
    let mut known = BTreeSet::new();
    for (ground, make) in &grounds {
        let mut w = make();
        let over =
            |r: &&Row| r.label.ends_with('…') || matches!(r.intent, Intent::Palette | Intent::Help | Intent::Pictures);
        let seen_on = (w.harness.state().view().screen, w.harness.state().view().column);
        for row in TABLE.iter().filter(over) {
            let snap = w.publish.borrow().clone();
            if !intent::available(row.intent, &snap, w.harness.state().view()) {
                continue;
            }
            wish(&mut w, row);
            let view = w.harness.state().view();
            let title = match &view.ask {
                Some(ask) => ask.title.clone(),
                None if view.covered() => row.label.to_owned(),
                None => String::new(),
            };
            if !title.is_empty() && known.insert(title.clone()) {
                each(&format!("`{title}` over {ground}"), &mut w);
            } else if !title.is_empty() {
                w.key(Key::Escape);
            }
            let view = w.harness.state().view();
            if view.covered() || (view.screen, view.column) != seen_on {
                // It went somewhere else: the next line begins where this one did.
                w = make();
            }
        }
    }
    assert!(known.len() > 25, "dialogs that were looked at: {known:?}");
}

#[test]
fn what_can_be_operated_says_what_it_is_on_every_screen() {
    let mut finds = Finds(BTreeSet::new());
    for (name, make) in places() {
        named(&name, &make().harness, &mut finds);
    }
    for snap in [facilitator::led(), facilitator::tabletop()] {
        named("facilitator", &facilitator::window(snap).harness, &mut finds);
    }
    finds.nothing();
}

#[test]
fn tab_comes_to_everything_in_the_order_it_is_read_and_is_seen() {
    let mut finds = Finds(BTreeSet::new());
    // Two hundred endpoints are walked like eight.
    for (name, make) in places().into_iter().filter(|(n, _)| n != "situation, many") {
        walked(&name, &mut make().harness, &mut finds);
    }
    for snap in [facilitator::led(), facilitator::tabletop()] {
        walked("facilitator", &mut facilitator::window(snap).harness, &mut finds);
    }
    finds.nothing();
}

#[test]
fn what_lies_over_a_screen_is_named_walked_and_closed_by_escape() {
    let mut finds = Finds(BTreeSet::new());
    dialogs(&mut |name, w| {
        // What lies below a dialog is in the tree, and cannot be reached: only what Tab comes to counts.
        let mut keep = Finds(BTreeSet::new());
        walked(name, &mut w.harness, &mut keep);
        let alone = ["`Find a command, a step or a plan`", "`Close`"];
        let one_stop = |f: &String| f.contains("does not get away") && alone.iter().any(|a| f.contains(a));
        finds.0.extend(keep.0.into_iter().filter(|f| !f.contains("Tab never reaches") && !one_stop(f)));
        let all = things(&w.harness);
        for t in all.iter().filter(|t| t.name.is_empty() || !speaks(t.role) && !by_another_way(t, &all)) {
            finds.say(name, format!("{t:?}"));
        }
        w.told();
        w.key(Key::Escape);
        // A list that is open goes first.
        if w.harness.state().view().covered() {
            w.key(Key::Escape);
        }
        if w.harness.state().view().covered() {
            finds.say(name, "Escape does not close it".to_owned());
        }
        let told = w.told();
        if !told.is_empty() {
            finds.say(name, format!("Escape sent {told:?}"));
        }
    });
    finds.nothing();
}

/// What Escape may tell the desk: that something was read, and what is looked at.
fn harmless(command: &Command) -> bool {
    matches!(command, Command::DismissNotice | Command::Watch(WatchIntent::Chart(..)))
}

#[test]
fn escape_is_safe_everywhere() {
    let mut wrong = Vec::new();
    for (name, make) in places() {
        let mut w = make();
        w.told();
        for focused in [false, true] {
            if focused {
                w.harness.key_press(Key::Tab);
                w.harness.run();
            }
            for modifiers in [Modifiers::NONE, Modifiers::COMMAND, Modifiers::SHIFT] {
                w.harness.key_press_modifiers(modifiers, Key::Escape);
                w.harness.run();
            }
            let told: Vec<Command> = w.told().into_iter().filter(|c| !harmless(c)).collect();
            if !told.is_empty() {
                wrong.push(format!("{name}: {told:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
