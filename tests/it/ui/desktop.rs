//! What a desktop expects of the window: a title that tells, files that are given, held over it or dropped, the right look from the
//! first frame on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::App as _;
use eframe::egui::{self, HoveredFile, Theme, ViewportCommand, ViewportId};
use egui_kittest::Harness;
use lifeboat::desk::protocol::{ApprovalIntent, Command, RunIntent};
use lifeboat::desk::snapshot::{Mode, Snapshot};
use lifeboat::ui::App;
use lifeboat::ui::intent::Intent;
use lifeboat::ui::theme::LIGHT;
use lifeboat::ui::view::Screen;

use super::run::dropped;
use super::{Window, link_of, pair, sample};

/// The titles that one frame asks for.
fn titles(w: &mut Window, change: impl FnOnce(&mut Snapshot)) -> Vec<String> {
    w.publish.send_modify(|s| change(Arc::make_mut(s)));
    w.harness.step();
    let commands = &w.harness.output().viewport_output[&ViewportId::ROOT].commands;
    let title = |c: &ViewportCommand| match c {
        ViewportCommand::Title(t) => Some(t.clone()),
        _ => None,
    };
    commands.iter().filter_map(title).collect()
}

#[test]
fn the_title_tells_mode_and_run_and_is_set_only_when_it_changes() {
    let mut w = Window::new(sample::snapshot());
    assert_eq!(titles(&mut w, |_| ()), [""; 0], "it was set in the first frame");
    let live = titles(&mut w, |s| {
        s.band.mode = Some(Mode::Live);
        s.band.text = "LIVE · changes real resources in contoso · as Ada".into();
        s.band.run = "shop · run AB12".into();
    });
    assert_eq!(live, ["LIVE · shop · AB12 – Lifeboat"]);
    assert_eq!(titles(&mut w, |s| s.band.text = "LIVE · changes real resources in contoso · as Ben".into()), [""; 0]);
    let none = titles(&mut w, |s| {
        s.band.mode = None;
        s.band.text = "No run open".into();
        s.band.run = "on call".into();
    });
    assert_eq!(none, ["Lifeboat"]);
    let back = titles(&mut w, |s| s.band = sample::snapshot().band);
    assert_eq!(back, ["REHEARSAL · prod-chat · 7F3K – Lifeboat"]);
}

fn drop_on(w: &mut Window, paths: &[&Path]) -> Vec<Command> {
    w.told();
    for path in paths {
        w.harness.input_mut().dropped_files.push(dropped(path.to_str().unwrap()));
    }
    w.harness.run();
    w.told()
}

fn hold_over(w: &mut Window, path: &Path) {
    w.harness.input_mut().hovered_files = vec![HoveredFile { path: Some(path.into()), ..HoveredFile::default() }];
    // While a file is held over a window, egui draws one frame after the other.
    w.harness.run_steps(3);
}

#[test]
fn what_is_dropped_is_taken_for_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = [Path::new("/tmp/1.png"), Path::new("/tmp/2.JPG")];
    let read = Command::Approval(ApprovalIntent::ReadPictures(pictures.map(PathBuf::from).into()));
    for screen in [Screen::Situation, Screen::Runbooks, Screen::Audit, Screen::Approve] {
        let mut w = Window::on(sample::snapshot(), screen);
        assert_eq!(drop_on(&mut w, &pictures), std::slice::from_ref(&read), "{screen:?}: the parts of one request");
        assert_eq!(w.harness.state().view().screen, Screen::Approve);
        for path in [folder.path(), Path::new("/tmp/plan.ron")] {
            w.harness.state_mut().show(screen);
            assert_eq!(drop_on(&mut w, &[path]), [Command::OpenPath(path.into())], "{screen:?}");
            assert_eq!(w.harness.state().view().screen, Screen::Runbooks);
        }
    }
    // A run takes any file, and no folder, as evidence.
    let mut w = Window::on(sample::snapshot(), Screen::Run);
    let evidence = |p: &str| Command::Run(RunIntent::EvidenceFile { step: Some("F4".into()), path: p.into() });
    assert_eq!(drop_on(&mut w, &[Path::new("/tmp/plan.ron")]), [evidence("/tmp/plan.ron")]);
    assert_eq!(drop_on(&mut w, &[folder.path()]), [Command::OpenPath(folder.path().into())]);
}

#[test]
fn what_cannot_be_taken_is_told_with_the_reason() {
    for (screen, path, why) in [
        (Screen::Situation, "/tmp/notes.docx", "notes.docx cannot be taken: it is no plan or runbook (.ron)"),
        (Screen::Audit, "/tmp/run.zip", "run.zip cannot be taken: a record is checked in a terminal"),
        (Screen::Approve, "/tmp/request.txt", "request.txt cannot be taken: copy its text, and paste that here"),
    ] {
        let mut w = Window::on(sample::snapshot(), screen);
        assert_eq!(drop_on(&mut w, &[Path::new(path)]), [], "{path}");
        assert!(w.reads(why), "{path}");
        assert_eq!(w.harness.state().view().screen, screen);
    }
}

#[test]
fn a_dialog_that_asks_for_a_file_takes_the_one_that_is_dropped() {
    let file = Path::new("/tmp/run.age");
    let field = |w: &Window| w.harness.state().view().ask.as_ref().map(|a| a.fields[0].text.clone());
    let mut w = Window::on(sample::snapshot(), Screen::Situation);
    assert_eq!(drop_on(&mut w, &[file]), []);
    assert_eq!(field(&w).as_deref(), Some("/tmp/run.age"), "a colleague's run opens the dialog that takes it over");
    drop_on(&mut w, &[Path::new("/tmp/other.age")]);
    assert_eq!(field(&w).as_deref(), Some("/tmp/other.age"));

    // Behind a dialog that asks for something else nothing happens.
    let mut w = Window::on(pair::full(), Screen::Run);
    w.key(egui::Key::X);
    assert!(field(&w).is_some());
    assert_eq!(drop_on(&mut w, &[file]), []);
    assert!(w.reads("run.age cannot be taken: finish or cancel this dialog first"));
    assert_eq!(field(&w).as_deref(), Some(""));
}

#[test]
fn while_something_is_held_over_the_window_it_says_what_would_become_of_it() {
    for (screen, path, words) in [
        (Screen::Run, "/tmp/a.log", "Drop a.log here: evidence for step F4"),
        (Screen::Situation, "/tmp/a.ron", "Drop a.ron here: it is opened in Runbooks"),
        (Screen::Situation, "/tmp/a.png", "Drop a.png here: it is read as a colleague's request"),
        (Screen::Situation, "/tmp/a.age", "Drop a.age here: a colleague's run, to be taken over"),
        (Screen::Situation, "/tmp/a.docx", "a.docx cannot be taken: it is no plan or runbook"),
    ] {
        let mut w = Window::on(sample::snapshot(), screen);
        assert!(!w.reads(words));
        hold_over(&mut w, Path::new(path));
        assert!(w.reads(words), "{words}");
        assert_eq!(w.told(), [], "nothing happens before it is dropped");
        w.harness.input_mut().hovered_files.clear();
        w.harness.run();
        assert!(!w.reads(words), "and it goes when the file does");
    }
}

#[test]
fn files_that_the_program_is_started_with_are_taken_as_if_they_were_dropped() {
    // The screen that was shown last says nothing about a file that comes from outside.
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("window.json"), r#"{"screen":"approve"}"#).unwrap();
    let mut snapshot = sample::snapshot();
    Arc::make_mut(&mut snapshot.settings).home = home.path().display().to_string();
    for (path, wanted, screen) in [
        ("/tmp/plan.ron", Command::OpenPath("/tmp/plan.ron".into()), Screen::Runbooks),
        (
            "/tmp/request.png",
            Command::Approval(ApprovalIntent::ReadPictures(vec!["/tmp/request.png".into()])),
            Screen::Approve,
        ),
    ] {
        let (link, told, _publish) = link_of(snapshot.clone());
        let mut harness = Harness::builder().build_eframe(|cc| {
            let mut app = App::new(cc, link);
            assert_eq!(app.view().screen, Screen::Approve);
            app.give([PathBuf::from(path)]);
            app
        });
        harness.run();
        let told: Vec<Command> = told.try_iter().filter(|c| !matches!(c, Command::Watch(_))).collect();
        assert_eq!(told, [wanted], "once");
        assert_eq!(harness.state().view().screen, screen);
    }
}

#[test]
fn the_first_frame_has_the_look_that_is_remembered() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("window.json"), r#"{"looks":"light"}"#).unwrap();
    let mut snapshot = sample::snapshot();
    Arc::make_mut(&mut snapshot.settings).home = home.path().display().to_string();
    let (link, _told, _publish) = link_of(snapshot);
    Harness::builder().build_eframe(|cc| {
        let app = App::new(cc, link);
        assert_eq!(cc.egui_ctx.theme(), Theme::Light);
        let behind = app.clear_color(&cc.egui_ctx.style_of(Theme::Light).visuals);
        assert_eq!(behind, LIGHT.background.to_normalized_gamma_f32(), "before anything is drawn");
        app
    });
}

#[test]
fn evidence_is_asked_for_where_it_is_taken() {
    // What decides over a dropped file is the same as over the key: neither may take what the other refuses.
    let mut closed = sample::snapshot();
    let run = Arc::make_mut(closed.run.as_mut().unwrap());
    run.closed = Some("Recovered.".into());
    let mut w = Window::on(closed, Screen::Run);
    let available =
        lifeboat::ui::intent::available(Intent::EvidenceFile, &w.publish.borrow().clone(), w.harness.state().view());
    assert!(!available);
    assert_eq!(drop_on(&mut w, &[Path::new("/tmp/a.log")]), []);
    assert!(w.reads("a.log cannot be taken"));
}
