//! Tests of the Run screen beyond its steps: papers, several runs, taking back, break-glass, the second person, hand-over.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{self, Key, accesskit::Role};
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::desk::protocol::{About, ApprovalIntent, Command, Declaration, Lock, RunIntent, Severity, Vouched};
use lifeboat::desk::snapshot::{CheckpointView, Mode, Qr, Snapshot};
use lifeboat::run::event::LossKind;
use lifeboat::ui::ask::Ask;
use lifeboat::ui::intent::{Intent, TABLE};
use lifeboat::ui::view::{Column, Screen};
use lifeboat::units::Secret;

use super::{Window, bounds, pair, sample, with_run};

fn run(intent: RunIntent) -> Vec<Command> {
    vec![Command::Run(intent)]
}

fn approval(intent: ApprovalIntent) -> Vec<Command> {
    vec![Command::Approval(intent)]
}

/// Chooses a command in the palette.
fn choose(w: &mut Window, label: &str) {
    w.ctrl(Key::K);
    w.type_text(label);
    w.key(Key::Enter);
}

/// Types into the fields of the dialog that is open, in order, with Tab between them.
fn fill(w: &mut Window, texts: &[&str]) {
    for (i, text) in texts.iter().enumerate() {
        if i > 0 {
            w.key(Key::Tab);
        }
        w.type_text(text);
    }
    w.ctrl(Key::Enter);
}

#[test]
fn papers_become_exactly_these_commands() {
    let text = |s: &str| s.to_owned();
    let declaration = Declaration {
        by: text("Mira"),
        authority: text("crisis team"),
        trigger: text("500s"),
        ..Declaration::default()
    };
    let vouched =
        Vouched { accepted: false, seen: text("it is there"), by: text("Mo"), retest: text("run 7"), until: text("") };
    let cases: [(&str, &[&str], RunIntent); 10] = [
        ("Add to the ledger", &["container sessions"], RunIntent::Ledger(text("container sessions"))),
        ("Add to the loss register", &["140 requests"], RunIntent::Loss(LossKind::Lost, text("140 requests"))),
        (
            "Paste evidence",
            &["ticket 4711", "opened"],
            RunIntent::EvidenceText { step: Some(text("F4")), name: text("ticket 4711"), text: text("opened") },
        ),
        ("Add a finding", &["no right"], RunIntent::Finding(text("no right"))),
        (
            "Say how it is put right",
            &["grant it", "Jo", "2027-01-31"],
            RunIntent::Corrective { text: text("grant it"), owner: text("Jo"), due: text("2027-01-31") },
        ),
        (
            "Sign off",
            &["service owner", "users are served"],
            RunIntent::SignOff { role: text("service owner"), statement: text("users are served") },
        ),
        ("Tell for the record", &["Mo", "operator"], RunIntent::Tell(About::Attends, text("Mo"), text("operator"))),
        ("Declare the incident", &["Mira", "crisis team", "500s"], RunIntent::Declare(Box::new(declaration))),
        ("Rate the finding", &["no rights"], RunIntent::Rate(Severity::High, text("no rights"))),
        ("Vouch for a finding", &["it is there", "Mo", "run 7"], RunIntent::Vouch(vouched)),
    ];
    for (label, typed, wanted) in cases {
        let mut w = Window::on(pair::full(), Screen::Run);
        choose(&mut w, label);
        // Of a declaration everything may be empty; the desk refuses one that says nothing.
        if label.starts_with("Declare") {
            fill(&mut w, typed);
            assert_eq!(w.told(), run(wanted), "{label}");
            continue;
        }
        w.ctrl(Key::Enter);
        assert_eq!(w.told(), [], "{label}: nothing was typed yet");
        fill(&mut w, typed);
        assert_eq!(w.told(), run(wanted), "{label}");
    }
}

#[test]
fn a_checkpoint_is_shown_copied_and_said_to_be_somewhere() {
    let picture = Qr { width: 21, dark: vec![true; 21 * 21].into() };
    let text = "lifeboat/r1\n41\nAAAA\n";
    let shown = CheckpointView { records: 41, text: text.into(), picture };
    let none = Window::on(pair::full(), Screen::Run);
    assert!(!none.sees("Put a checkpoint outside"));
    let mut w = Window::on(Snapshot { checkpoint: Some(Arc::new(shown)), ..pair::full() }, Screen::Run);
    choose(&mut w, "Put a checkpoint outside");
    assert!(w.reads("the first 41 records") && w.reads("lifeboat/r1") && w.sees("The checkpoint as a QR picture"));
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [], "nobody said yet where it is");
    w.type_text("INC-123");
    w.click("Copy the text");
    assert!(w.reads("The checkpoint is in the clipboard"));
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), run(RunIntent::Posted { note: text.to_owned(), place: "INC-123".to_owned() }));
}

#[test]
fn what_is_missing_is_shown_before_the_run_is_closed_and_holds_nothing_up() {
    let mut w = Window::on(pair::full(), Screen::Run);
    choose(&mut w, "Close the run");
    assert!(w.sees(
        "F16 Security during the disruption: the state of logging, access and emergency accounts (papers: tell)"
    ));
    w.type_text("users are served");
    w.ctrl(Key::Enter);
    let summary = "users are served".to_owned();
    assert_eq!(w.told(), [Command::Close { outcome: lifeboat::rehearsal::scenario::Outcome::Recovered, summary }]);
}

#[test]
fn the_kind_of_a_loss_is_chosen() {
    let mut w = Window::on(pair::full(), Screen::Run);
    w.key(Key::X);
    w.click("There twice");
    w.harness.get_by_label("What, and how much").focus();
    w.harness.run();
    w.type_text("a batch");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), run(RunIntent::Loss(LossKind::Duplicated, "a batch".into())));
}

#[test]
fn a_file_dropped_on_the_run_is_evidence_and_elsewhere_a_runbook() {
    for (screen, path, wanted) in [
        (
            Screen::Run,
            "/tmp/a.png",
            Command::Run(RunIntent::EvidenceFile { step: Some("F4".into()), path: PathBuf::from("/tmp/a.png") }),
        ),
        (
            Screen::Approve,
            "/tmp/a.png",
            Command::Approval(ApprovalIntent::ReadPictures(vec![PathBuf::from("/tmp/a.png")])),
        ),
        (Screen::Audit, "/tmp/a.ron", Command::OpenPath(PathBuf::from("/tmp/a.ron"))),
    ] {
        let mut w = Window::on(sample::snapshot(), screen);
        w.told();
        w.harness.input_mut().dropped_files.push(dropped(path));
        w.harness.run();
        assert_eq!(w.told(), [wanted], "{screen:?}");
    }
}

#[test]
fn the_papers_are_read_beside_the_step_and_the_clock_stays() {
    let mut w = Window::on(pair::full(), Screen::Run);
    assert!(!w.sees("Loss register"));
    w.key(Key::G);
    for words in
        ["Loss register", "Batch 2026-11-19 ran in both regions", "ticket 4711", "Nobody puts it right yet", "21:43"]
    {
        assert!(w.sees(words), "{words}");
    }
    w.key(Key::G);
    assert!(!w.sees("Loss register"));
    assert!(w.sees("At rehearsal pace the RTO of 30 min is missed by 4 min."), "the breach");
    assert!(w.sees("41 min: last sync of stprodchat"), "the recovery point");
}

#[test]
fn a_guard_is_set_aside_with_a_reason_and_only_where_one_refuses() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.key(Key::B);
    assert!(!w.sees("Break the glass…"));
    assert_eq!(w.harness.state().view().ask, None);
    let mut w = Window::on(pair::refused(), Screen::Run);
    w.key(Key::B);
    assert!(w.reads("This guard does not hold: enough time since the last switch: 4 min ago"));
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [], "a reason is wanted");
    w.type_text("the first switch went wrong");
    w.ctrl(Key::Enter);
    let guard = "enough time since the last switch".to_owned();
    let reason = "the first switch went wrong".to_owned();
    assert_eq!(w.told(), run(RunIntent::BreakGlass { step: "F4".into(), guard, reason }));
}

#[test]
fn several_steps_are_taken_back_from_a_step_that_is_done() {
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.key(Key::F5);
    assert_eq!(w.harness.state().view().ask, None, "the step on show is not done");
    for _ in 0..4 {
        w.key(Key::ArrowUp);
    }
    w.key(Key::F5);
    assert!(w.reads("· Call each with its own key"), "what would be taken back is named");
    w.click("Begin taking back");
    assert_eq!(w.told(), run(RunIntent::TakeBackTo("D4".into())));

    let mut w = Window::on(pair::taking_back(), Screen::Run);
    assert!(w.sees("Taking back, one step at a time: 3 steps are left"));
    assert!(w.sees("now: Point clients at Sweden Central"));
    w.ctrl(Key::J);
    assert_eq!(w.told(), run(RunIntent::StopTakingBack));
}

#[test]
fn the_next_run_comes_by_key_and_by_click() {
    let mut w = Window::on(pair::full(), Screen::Run);
    w.ctrl(Key::N);
    assert_eq!(w.told(), run(RunIntent::Focus("run-2qxm".into())));
    w.harness.get_by_label_contains("Run 9B1C prod-batch").click();
    w.harness.run();
    assert_eq!(w.told(), run(RunIntent::Focus("run-9b1c".into())));
    assert!(w.reads("LIVE, needs you"), "which run calls is said");
}

#[test]
fn steps_of_a_group_say_so() {
    let w = Window::on(pair::full(), Screen::Run);
    let together = w.harness.query_all_by_label_contains("may be done at the same time as its neighbours").count();
    assert_eq!(together, 2);
}

#[test]
fn a_run_is_handed_over_under_a_passphrase_typed_twice() {
    let mut w = Window::on(pair::full(), Screen::Run);
    w.key(Key::F2);
    // The draft of the path is good already: the focus is on whom it is for.
    w.type_text("Mira");
    w.key(Key::Tab);
    w.type_text("correct horse battery");
    w.key(Key::Tab);
    w.type_text("correct horse batterz");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [], "the two differ");
    w.key(Key::Backspace);
    w.type_text("y");
    let shown = super::credentials::said_to_a_screen_reader(&w.harness);
    assert!(!shown.contains("battery"), "nothing of it is shown");
    assert!(!format!("{:?}", w.harness.state().view().ask).contains("battery"), "nor in a debug print");
    w.ctrl(Key::Enter);
    let lock = Lock::Passphrase(Secret::new("correct horse battery"));
    let wanted = RunIntent::HandOver { file: "run-7f3k.handover".into(), to: "Mira".into(), lock };
    assert_eq!(w.told(), run(wanted));
}

#[test]
fn a_run_is_handed_over_to_a_colleagues_key_without_a_passphrase() {
    let mut w = Window::on(pair::full(), Screen::Run);
    w.key(Key::F2);
    w.click("Mira's key");
    w.harness.get_by_label("To whom").focus();
    w.harness.run();
    w.type_text("Mira on the bridge");
    w.ctrl(Key::Enter);
    let lock = Lock::Colleague("Mira".into());
    let wanted = RunIntent::HandOver { file: "run-7f3k.handover".into(), to: "Mira on the bridge".into(), lock };
    assert_eq!(w.told(), run(wanted));
}

#[test]
fn a_run_is_taken_over_with_or_without_a_passphrase() {
    for (typed, passphrase) in [("", None), ("correct horse", Some(Secret::new("correct horse")))] {
        let mut w = Window::on(sample::on_call(), Screen::Audit);
        w.told();
        w.key(Key::F3);
        w.type_text("/home/dana/run.handover");
        w.key(Key::Tab);
        w.key(Key::Tab);
        if !typed.is_empty() {
            w.type_text(typed);
        }
        w.ctrl(Key::Enter);
        assert_eq!(w.told(), run(RunIntent::TakeOver { file: "/home/dana/run.handover".into(), passphrase }));
    }
}

#[test]
fn a_run_that_was_handed_over_is_only_read() {
    let mut w = Window::on(pair::handed_over(), Screen::Run);
    assert!(w.sees("Handed over: here this run is only read"));
    assert!(!w.sees("Switch to Sweden Central"));
    for key in [Key::N, Key::L, Key::X, Key::I, Key::T, Key::F, Key::F2, Key::F5, Key::H, Key::S] {
        w.key(key);
    }
    w.ctrl(Key::Enter);
    w.ctrl(Key::L);
    assert_eq!((w.told(), w.harness.state().view().ask.as_ref()), (vec![], None));
    // But it can be taken back, by whoever says why.
    w.click("Take the run back…");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), [], "a reason is wanted");
    w.type_text("the file was never sent");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), run(RunIntent::TakeRunBack { reason: "the file was never sent".into() }));
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    w.ctrl(Key::U);
    assert_eq!(w.harness.state().view().ask, None, "a run that is here is not taken back");
}

#[test]
fn the_second_person_is_asked_in_every_way() {
    let mut w = Window::on(pair::waiting(), Screen::Run);
    assert!(w.sees("9 min 12 s left to answer"));
    w.ctrl(Key::G);
    w.type_text("-----BEGIN LIFEBOAT ANSWER-----");
    w.ctrl(Key::Enter);
    assert_eq!(w.told(), approval(ApprovalIntent::TakeAnswer("-----BEGIN LIFEBOAT ANSWER-----".into())));

    w.click("By phone");
    assert!(w.sees("4812-0937-2265"));
    w.ctrl(Key::G);
    w.type_text("73 18");
    w.key(Key::Enter);
    assert_eq!(w.told(), [], "whose code it is has to be said");
    w.click("Jo van der Meulen");
    w.click("Take the code");
    let (step, approver, code) = ("F4".to_owned(), "Jo van der Meulen".to_owned(), "73 18".to_owned());
    assert_eq!(w.told(), approval(ApprovalIntent::TakeCode { step, nonce: "5e".into(), approver, code }));

    w.click("By picture");
    assert!(w.sees("Picture 1 of 3 of the request"));
    w.click("Next");
    assert!(w.sees("Picture 2 of 3 of the request"));

    w.click("On this device");
    w.ctrl(Key::M);
    w.type_text("Jo");
    w.key(Key::Enter);
    assert_eq!(w.told(), [], "Enter alone does not agree");
    w.ctrl(Key::Enter);
    let (step, nonce) = ("F4".to_owned(), "5e".to_owned());
    let same = ApprovalIntent::SameDevice { step: step.clone(), nonce: nonce.clone(), name: "Jo".into() };
    assert_eq!(w.told(), approval(same));

    w.ctrl(Key::D);
    assert_eq!(w.told(), approval(ApprovalIntent::Withdraw { step, nonce }));
}

#[test]
fn pictures_are_large_enough_to_photograph_and_have_their_quiet_zone() {
    for (size, least) in [([1280.0, 800.0], 520.0), ([960.0, 600.0], 400.0)] {
        let mut w = Window::sized(pair::waiting(), size);
        w.harness.state_mut().show(Screen::Run);
        w.harness.run();
        w.key(Key::F4);
        let name = "Picture 1 of 3 of the request";
        let rect = w.harness.query_all_by_label(name).map(|n| n.rect()).max_by(|a, b| a.width().total_cmp(&b.width()));
        let rect = rect.unwrap();
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
        assert!(rect.width() >= least && window.contains_rect(rect), "{rect:?} in {size:?}");
        w.key(Key::ArrowRight);
        assert!(w.sees("Picture 2 of 3 of the request"));
        w.key(Key::Escape);
        assert!(!w.harness.state().view().second.large);
    }
}

#[test]
fn nothing_of_a_run_is_out_of_reach_in_a_small_window() {
    type State = (&'static str, fn() -> Snapshot);
    let states: [State; 6] = [
        ("full", pair::full),
        ("waiting", pair::waiting),
        ("refused", pair::refused),
        ("taking back", pair::taking_back),
        ("handed over", pair::handed_over),
        ("long", pair::long),
    ];
    // 960 by 600 of a laptop, and of a screen of 1920 by 1200 at 200 %.
    for size in [[960.0, 600.0], [640.0, 480.0], [1280.0, 800.0]] {
        for (name, snapshot) in states {
            for column in [Column::Step, Column::Clocks, Column::Papers] {
                let mut w = Window::sized(snapshot(), size);
                w.harness.state_mut().show(Screen::Run);
                w.harness.state_mut().view_mut().column = column;
                w.harness.run();
                let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
                for node in w.harness.root().children_recursive() {
                    let Some(rect) = bounds(&node) else { continue };
                    let role = node.accesskit_node().role();
                    let reads = matches!(role, Role::Button | Role::RadioButton | Role::Label | Role::TextInput);
                    let sideways = rect.right() > window.right() + 0.5;
                    let label = node.accesskit_node().label().unwrap_or_default();
                    assert!(!(reads && sideways), "{name} at {size:?}, {column:?}: `{label}` at {rect:?}");
                }
            }
        }
    }
}

#[test]
fn every_kind_of_step_is_shown_in_every_state() {
    for step in ["F4", "V1", "D4"] {
        for state in lifeboat::desk::snapshot::StepState::ALL {
            let mut w = Window::sized(pair::in_state(step, state), [960.0, 600.0]);
            w.harness.state_mut().show(Screen::Run);
            w.harness.run();
            let sentence = sample_row(step, state);
            let row = w.harness.get_by_role_and_label(Role::ListBoxOption, &sentence);
            let state_said = row.accesskit_node().label().unwrap_or_default();
            assert!(state_said.contains(state.word()), "{state_said}");
        }
    }
}

/// What a screen reader says of the row of this step.
fn sample_row(step: &str, state: lifeboat::desk::snapshot::StepState) -> String {
    let snap = pair::in_state(step, state);
    let run = snap.run.unwrap();
    let row = run.phases.iter().flat_map(|p| &p.steps).find(|s| s.id == step).unwrap();
    row.sentence.clone()
}

#[test]
fn everything_an_operator_needs_has_a_key_a_word_and_help() {
    use Intent::*;
    let wanted = [
        Papers,
        Ledger,
        Loss,
        EvidenceText,
        EvidenceFile,
        Finding,
        Corrective,
        SignOff,
        BreakGlass,
        TakeBackTo,
        StopTakingBack,
        HandOver,
        TakeOver,
        NextRun,
        CopyRequest,
        TakeAnswer,
        Pictures,
        SameDevice,
        Withdraw,
        OpenPictures,
        Refuse,
        PutAway,
        Projector,
        Freeze,
        Note,
        Close,
    ];
    for intent in wanted {
        let row = TABLE.iter().find(|r| r.intent == intent).unwrap_or_else(|| panic!("{intent:?} is in no table"));
        assert!(row.key.is_some() && !row.help.is_empty(), "{intent:?}");
    }
}

#[test]
fn a_step_that_is_not_refused_has_no_glass_to_break() {
    let run = sample::run();
    assert!(run.cards.iter().all(|c| Ask::break_glass(c).is_none()));
}

#[test]
fn a_tabletop_is_told_from_a_live_run() {
    let mut w = Window::on(with_run(|r| r.mode = Mode::Tabletop), Screen::Run);
    assert!(w.sees("Messages"));
    w.publish(|s| *s = with_run(|r| r.mode = Mode::Live));
    assert!(w.sees("From colleagues"));
}

#[test]
fn a_paused_run_offers_to_go_on_and_nothing_that_begins() {
    let mut w = Window::on(sample::live(), Screen::Run);
    assert!(w.sees("The run is paused: go on first"), "why, in words");
    w.ctrl(Key::Enter);
    w.click("Switch to Sweden Central");
    assert_eq!(w.told(), []);
    // The first of the two, beside the step; the other stands in the list at the right.
    let go_on = w.harness.query_all_by_label("Go on").min_by(|a, b| a.rect().left().total_cmp(&b.rect().left()));
    go_on.unwrap().click();
    w.harness.run();
    assert_eq!(w.told(), [Command::Resume]);
    let up = Key::ArrowUp;
    for (night, keys) in [(pair::refused(), vec![Key::B]), (sample::snapshot(), vec![up, up, up, up, Key::F5])] {
        for paused in [true, false] {
            let mut night = night.clone();
            Arc::make_mut(night.run.as_mut().unwrap()).paused = paused.then(|| "the database team is asked".into());
            let mut w = Window::on(night, Screen::Run);
            keys.iter().for_each(|k| w.key(*k));
            assert_eq!(w.harness.state().view().ask.is_none(), paused, "{keys:?}");
        }
    }
}

#[test]
fn a_closed_run_shows_its_outcome_and_each_step_on_demand() {
    let mut w = Window::on(sample::closed(), Screen::Run);
    assert!(w.sees("Recovered with findings") && w.sees("86 of 100 points"));
    assert!(!w.reads("reads only"), "no step is on show");
    w.harness.get_by_label_contains("Point clients at Sweden Central: done").click();
    w.harness.run();
    assert!(!w.sees("86 of 100 points") && w.sees("Back to the outcome"));
    w.click("Back to the outcome");
    w.click("See the record");
    assert_eq!(w.told().last(), Some(&Command::ShowRecord("run-7f3k".into())), "and no other's");
    assert_eq!(w.harness.state().view().screen, Screen::Audit);
}

#[test]
fn the_buttons_of_every_step_stand_at_the_foot_of_the_window() {
    for size in [[1280.0, 800.0], [960.0, 600.0]] {
        for snapshot in [sample::snapshot(), pair::refused(), pair::long(), sample::at("V1")] {
            let mut w = Window::sized(snapshot, size);
            w.harness.state_mut().show(Screen::Run);
            w.harness.run();
            let skip = w.harness.query_all_by_label_contains("Skip…").next().unwrap().rect();
            let glass = w.harness.query_by_label("Break the glass…").map_or(skip, |n| n.rect());
            let gap = size[1] - skip.bottom().max(glass.bottom());
            assert!((28.0..56.0).contains(&gap), "{gap} below the buttons at {size:?}");
        }
    }
}

#[test]
fn a_folded_clock_says_what_it_counts() {
    for (snapshot, words) in [(sample::snapshot(), "left of 30 min"), (sample::closed(), "taken of 30 min")] {
        let mut w = Window::sized(snapshot, [960.0, 600.0]);
        w.harness.state_mut().show(Screen::Run);
        w.harness.run();
        assert!(w.sees(words), "{words}");
    }
}

#[test]
fn a_folded_timeline_has_the_width_of_the_checklist() {
    let mut w = Window::sized(sample::snapshot(), [960.0, 600.0]);
    w.harness.state_mut().show(Screen::Run);
    w.harness.run();
    assert!(w.harness.query_all_by_role(Role::ListBoxOption).next().is_some());
    w.ctrl(Key::H);
    assert!(w.harness.query_all_by_role(Role::ListBoxOption).next().is_none());
}

#[test]
fn without_a_run_the_one_that_is_not_closed_comes_first() {
    let mut w = Window::on(sample::on_call(), Screen::Run);
    assert!(w.sees("A run on this computer is not closed"));
    w.harness.get_by_label_contains("Go on with 7F3K").click();
    w.harness.run();
    assert!(matches!(&w.told()[..], [Command::OpenRun(_)]));
    let w = Window::on(sample::first_start(), Screen::Run);
    assert!(w.sees("No run is open") && !w.reads("Go on with"));
}

#[test]
fn a_notice_is_one_sentence_until_more_is_wanted() {
    let mut w = Window::on(sample::live(), Screen::Run);
    assert!(w.sees("Entra ID did not answer for 20 s.") && !w.reads("Look at the ladder"));
    w.click("Show more");
    assert!(w.reads("Look at the ladder") && w.sees("Show the cause"));
    w.click("Show less");
    assert!(!w.reads("Look at the ladder"));
}

/// A file as the window system hands it over.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }
    fn bytes(&self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}

pub fn dropped(path: &str) -> egui::DroppedFileHandle {
    std::sync::Arc::new(Dropped(path.into()))
}
