//! The board of health: what a person finds, presses and hears on the Situation screen.

use lifeboat::desk::protocol::{Adjustment, Amount, Knob, OwnEndpoint, WatchIntent, WatchSettings};
use lifeboat::desk::snapshot::{Situation, Span};
use lifeboat::runbook::model::Tier;

use super::situations::{self, chart, down, large, on};
use super::*;

fn watch(intents: impl IntoIterator<Item = WatchIntent>) -> Vec<Command> {
    intents.into_iter().map(Command::Watch).collect()
}

fn board(situation: Situation) -> Window {
    Window::on(on(situation), Screen::Situation)
}

/// Tall enough for everything at once.
fn tall(situation: Situation) -> Window {
    Window::sized(on(situation), [1280.0, 1900.0])
}

/// The rows of the table of endpoints, from the top.
fn rows(w: &Window) -> Vec<String> {
    let mut all: Vec<(f32, String)> = w
        .harness
        .query_all_by_role(Role::Row)
        .map(|n| (n.rect().top(), n.accesskit_node().label().unwrap_or_default()))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter().map(|(_, label)| label).collect()
}

#[test]
fn the_worst_stands_on_top_and_what_is_kept_there_above_it() {
    let mut w = tall(down());
    let names =
        |w: &Window| rows(w).iter().map(|r| r.split(", ").next().unwrap_or_default().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&w)[..4], ["oai-prod-eastus", "oai-prod-eastus / chat", "kv-prod-eastus", "arm-eastus2"]);
    w.publish(|s| {
        Arc::make_mut(&mut s.situation).endpoints[3].pinned = true;
    });
    assert_eq!(names(&w)[..2], ["oai-prod-swedencentral", "oai-prod-eastus"]);
    w.key(Key::W);
    assert_eq!(names(&w)[..3], ["oai-prod-swedencentral", "oai-prod-eastus", "oai-prod-eastus / chat"], "as listed");
    let first = "oai-prod-swedencentral, Sweden Central, data plane: ok, answers, 61 ms. \
                 Answered in the last hour: 240 of 240. Asked: under 10 s, kept on top";
    assert!(w.sees(first), "a row is a sentence: {:?}", rows(&w)[0]);
}

#[test]
fn a_thousand_endpoints_are_filtered_by_name_region_kind_and_state() {
    let mut w = board(large(60, 1_000));
    assert!(w.sees("1000"));
    assert!(rows(&w).len() < 30, "only the rows on show are made");
    w.ctrl(Key::F);
    w.type_text("suspect 0011");
    assert!(w.sees("1 of 1000"));
    w.type_text(" nowhere");
    assert!(w.reads("No endpoint has all of these words"));
}

#[test]
fn an_endpoint_is_looked_at_by_keyboard() {
    let mut w = tall(Situation { chart: Some(chart(Some("oai-prod-eastus"), 60, true)), ..down() });
    assert!(w.reads("Reading what was kept"), "never the chart of something else under its name");
    w.key(Key::ArrowDown);
    let picture = |s| WatchIntent::Chart(Some("oai-prod-eastus".into()), s);
    assert_eq!(w.told(), watch([picture(Span::Hour)]));
    for text in ["TCP: 3 s", "TLS: not reached", "223 of 240 answered", "20.42.7.19:443", "os error 110", "first byte"]
    {
        assert!(w.reads(text), "{text}");
    }
    assert!(w.sees("down: 03:11:57 East US is down, persistently"), "events are read, not only drawn");
    assert!(w.sees("unknown: 02:30:07 Nobody looked: this computer slept, for 6 min"));
    w.key(Key::K);
    w.key(Key::Y);
    w.key(Key::Z);
    w.key(Key::Escape);
    assert_eq!(
        w.told(),
        watch([
            WatchIntent::Pin("oai-prod-eastus".into(), true),
            picture(Span::Day),
            picture(Span::SinceT0),
            WatchIntent::Chart(None, Span::SinceT0),
        ])
    );
}

#[test]
fn a_region_filters_the_endpoints_by_key_and_by_press() {
    let mut w = tall(down());
    w.key(Key::ArrowRight);
    assert!(w.sees("3 of 10"), "East US comes first");
    w.key(Key::ArrowRight);
    assert!(w.sees("1 of 10") && w.sees("Sweden Central only  ×") | w.reads("Only Sweden Central is listed"));
    w.key(Key::ArrowLeft);
    w.key(Key::ArrowLeft);
    assert!(!w.sees("3 of 10"), "before the first: all of them");
    w.click("East US, primary: down, persistent, 4 min 10 s, 9 of 9 fail. ");
    assert!(w.sees("3 of 10"));
    w.key(Key::Escape);
    assert!(!w.sees("3 of 10"));
    // On the map, where East US stands.
    let at = w.harness.get_by_role(Role::Image).rect();
    let east = egui::pos2(at.left() + at.width() * 0.255, at.top() + at.height() * 0.275);
    w.harness.drag_at(east);
    w.harness.drop_at(east);
    w.harness.run();
    assert!(w.reads("3 of 10"));
}

#[test]
fn the_numbers_of_the_advice_and_the_reason_for_none_are_read() {
    let w = tall(down());
    for text in ["Agreed RTO: 30 min", "Needed (1.5 × the last drill): 18 min", "Time left to decide: 6 min"] {
        assert!(w.sees(text), "{text}");
    }
    assert!(tall(situations::blind()).reads("No failover is recommended: look at your own network first"));
}

#[test]
fn the_platform_is_quoted_in_full_and_its_silence_is_not_trusted() {
    let mut w = tall(down());
    assert!(!w.reads("a subset of customers"));
    let title =
        "down: Azure OpenAI: connectivity issues in East US. Service Health · Active · East US · 1 min 30 s ago";
    w.click(title);
    assert!(w.reads("a subset of customers in East US"));
    assert!(tall(situations::fine()).reads("Nothing is posted for the watched regions"));
    assert!(tall(situations::blind()).reads("its silence says nothing"));
}

#[test]
fn evidence_is_frozen_only_where_there_is_a_record() {
    let mut w = board(down());
    w.key(Key::F);
    assert_eq!(w.told(), []);
    assert!(w.reads("No run is open: there is no record"));
    let mut w = Window::on(Snapshot { situation: Arc::new(down()), ..sample::snapshot() }, Screen::Situation);
    w.click("Freeze health as evidence");
    assert_eq!(w.told(), [Command::FreezeHealth]);
}

#[test]
fn what_a_colleague_sees_is_pasted_and_kept_until_it_was_taken() {
    let mut w = board(down());
    w.key(Key::M);
    w.type_text("Mira: East US answers");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), watch([WatchIntent::TakeSighting("Mira: East US answers".into())]));
    w.key(Key::M);
    w.ctrl(Key::Enter);
    assert_eq!(w.told().len(), 1, "what was not understood is still there to be put right");
    w.publish(|s| {
        let s = Arc::make_mut(&mut s.situation);
        s.colleagues.push(s.colleagues[0].clone());
    });
    w.key(Key::M);
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [], "taken: the field is empty again");
}

#[test]
fn what_this_laptop_sees_is_asked_for_and_copied_when_it_is_there() {
    let mut w = board(down());
    w.key(Key::E);
    assert_eq!(w.told(), watch([WatchIntent::ShareSighting]));
    w.publish(|s| s.revision += 1);
    let copied = |w: &Window| {
        w.harness
            .output()
            .platform_output
            .commands
            .iter()
            .any(|c| matches!(c, egui::OutputCommand::CopyText(t) if t == "BLOCK"))
    };
    assert!(!copied(&w));
    let mut s = (**w.publish.borrow()).clone();
    Arc::make_mut(&mut s.situation).share = Some("BLOCK".into());
    w.publish.send(Arc::new(s)).unwrap();
    w.harness.step();
    assert!(copied(&w));
    w.harness.run();
    assert!(w.reads("What this laptop sees is in the clipboard"));
}

#[test]
fn the_desk_hears_once_when_the_window_is_hidden_and_seen() {
    let mut w = board(down());
    let mut set = |minimized| {
        let input = w.harness.input_mut();
        let id = input.viewport_id;
        input.viewports.entry(id).or_default().minimized = Some(minimized);
        w.harness.run();
        w.harness.run();
        w.told()
    };
    assert_eq!(set(true), watch([WatchIntent::Hidden(true)]));
    assert_eq!(set(false), watch([WatchIntent::Hidden(false)]));
}

#[test]
fn every_morning_settles_in_every_size() {
    let mornings = [
        down(),
        situations::fine(),
        situations::blind(),
        situations::entra_down(),
        situations::unknown(),
        large(24, 200),
    ];
    for situation in mornings {
        for size in [[640.0, 480.0], [960.0, 600.0], [1280.0, 800.0]] {
            let mut w = Window::sized(on(situation.clone()), size);
            w.key(Key::ArrowDown);
            w.key(Key::PageDown);
            let wait = w.harness.output().viewport_output.values().map(|v| v.repaint_delay).min().unwrap();
            assert!(wait.as_secs() >= 1, "{}: {wait:?}", situation.headline);
        }
    }
}

// ---- settings of the watch ----

fn settings() -> Window {
    let mut w = Window::sized(sample::on_call(), [1000.0, 3_000.0]);
    w.harness.state_mut().show(Screen::Settings);
    w.harness.run();
    w
}

fn write(w: &mut Window, label: &str, text: &str) {
    w.harness.get_by_role_and_label(Role::TextInput, label).focus();
    w.harness.run();
    w.ctrl(Key::A);
    w.type_text(text);
}

#[test]
fn a_mistake_in_the_watch_is_named_beside_its_field_and_loses_nothing() {
    let mut w = settings();
    w.click("Save the watch");
    assert_eq!(w.told(), [], "nothing is changed");
    w.click("Add an address");
    assert!(w.reads("is no name for"));
    write(&mut w, "Address", "http://shop.example/");
    write(&mut w, "Its name", "shop");
    write(&mut w, "Region, or empty", "eastus");
    write(&mut w, "Suspect after", "soon");
    write(&mut w, "Ask every", "1s");
    for why in
        ["http is for this computer only", "“soon” is no whole number.", "is not within 5 s to 1 min", "(2 wrong)"]
    {
        assert!(w.reads(why), "{why}");
    }
    w.click("Save the watch");
    w.harness.state_mut().show(Screen::Audit);
    w.harness.run();
    w.harness.state_mut().show(Screen::Settings);
    w.publish(|s| s.revision += 1);
    assert_eq!(w.told(), []);
    assert!(w.reads("“soon” is no whole number."), "what was typed is still there");
    write(&mut w, "Address", "https://shop.example/health");
    write(&mut w, "Suspect after", "4");
    write(&mut w, "Ask every", "10s");
    w.click("A notice of the desktop when a verdict turns while this window is hidden");
    w.click("Save the watch");
    let shop = OwnEndpoint { name: "shop".into(), url: "https://shop.example/health".into(), region: "eastus".into() };
    let tight = Adjustment([(Knob::SuspectAfter, Amount(4)), (Knob::Interval, Amount(10_000))].into());
    let tiers = [(Tier::T1, tight)].into();
    let set = WatchSettings { endpoints: vec![shop], desktop_notices: true, tiers, ..WatchSettings::default() };
    assert_eq!(w.told(), watch([WatchIntent::Set(Box::new(set.clone()))]));
    w.publish(|s| Arc::make_mut(&mut s.settings).watch = Arc::new(set));
    assert!(!w.sees("Give back what is saved"), "what is saved is what stands there");
}
