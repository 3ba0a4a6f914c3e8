//! The sample run at other moments: another step's turn, a failure, a pause, the end. What is said of a step in the list, on
//! its card and in the timeline is one thing.

use super::*;

/// A step of the checklist comes to this state.
fn turn(row: &mut StepRow, state: StepState) {
    if row.state.over() != state.over() {
        row.timing = if state.over() { "1:10" } else { "~1 min" }.into();
    }
    row.state = state;
    row.sentence = format!("{}: {}, {}", row.title, state.word(), row.timing);
}

/// What a card offers in its state.
fn settled(card: &mut StepCard) {
    match card.state {
        StepState::Blocked => card.actions = vec![skip()],
        state if state.over() => card.actions.clear(),
        _ => return,
    }
    (card.changes_read_at, card.changes_note) = (None, String::new());
    if card.state == StepState::Blocked {
        card.changes.clear();
    }
    card.changes.iter_mut().for_each(|c| c.state = "done".into());
}

/// Everything before this step is over, it is its turn, and what comes after waits for it.
fn until(step: &str) -> RunView {
    let mut run = run();
    let mut state = StepState::DoneByApp;
    for row in run.phases.iter_mut().flat_map(|p| &mut p.steps) {
        match (row.id == step, state) {
            (true, _) => {
                turn(row, StepState::Ready);
                run.waits = format!("waits for Dana: {}", row.title);
                state = StepState::Blocked;
            }
            (false, StepState::DoneByApp) if row.state.over() => {}
            _ => turn(row, state),
        }
    }
    for phase in &mut run.phases {
        if !phase.steps.iter().all(|s| s.state.over()) && phase.note.ends_with(" s") {
            phase.note = "about 8 min".into();
        }
    }
    let steps = || run.phases.iter().flat_map(|p| &p.steps);
    run.progress = (steps().filter(|s| s.state.over()).count(), steps().count());
    let decided = steps().any(|s| s.id == "D4" && s.state.over());
    if !decided {
        for (_, took) in run.clocks.segments.iter_mut().skip(2) {
            *took = None;
        }
    }
    run.cards = cards(&run.phases);
    run.cards.iter_mut().for_each(|c| settled(Arc::make_mut(c)));
    run.current = Some(step.to_owned());
    run.gantt = Arc::new(super::super::morning::of(&run.phases, 14));
    run
}

/// Two of three deployments do not answer.
pub fn fails(run: &mut RunView) {
    for row in run.phases.iter_mut().flat_map(|p| &mut p.steps).filter(|s| s.id == "F2") {
        turn(row, StepState::Failed);
    }
    for card in run.cards.iter_mut().filter(|c| c.id == "F2") {
        *card = Arc::new(failed((**card).clone()));
    }
    run.gantt = Arc::new(super::super::morning::of(&run.phases, 14));
}

/// The run with another step as the current one; `F2` is one that failed.
pub fn at(step: &str) -> Snapshot {
    let mut run = until(step);
    if step == "F2" {
        fails(&mut run);
        run.waits = "failed, waits for Dana: Call each with its own key".into();
    }
    Snapshot { run: Some(Arc::new(run)), ..snapshot() }
}

/// The same on the real Azure, paused, with something to read.
pub fn live() -> Snapshot {
    let why = "Waiting for the database team";
    let mut run = RunView {
        mode: Mode::Live,
        paused: Some(why.into()),
        waits: format!("paused: {why}"),
        scenario: None,
        ..run()
    };
    // As the desk refuses it.
    for card in run.cards.iter_mut().filter(|c| c.id == "F4") {
        Arc::make_mut(card).actions[0].refused = Some("The run is paused: go on first".into());
    }
    let band = Band {
        mode: Some(Mode::Live),
        text: "LIVE · changes real resources in contoso-prod".into(),
        run: "prod-chat · run 7F3K".into(),
    };
    let notice = Problem {
        what: "Entra ID did not answer for 20 s.".into(),
        means: "Nothing was changed.".into(),
        next: "Look at the ladder: what is reachable?".into(),
        raw: "POST https://login.microsoftonline.com/…/token: connect timeout".into(),
    };
    Snapshot { run: Some(Arc::new(run)), band, notice: Some(Arc::new(notice)), ..snapshot() }
}

/// The rehearsal when it is over.
pub fn closed() -> Snapshot {
    let line = |what: &str, points, of, why: &str| (what.to_owned(), points, of, why.to_owned());
    let score = Score {
        points: 86,
        of: 100,
        lines: vec![
            line("The decision was right", 30, 30, "Fail over, with the region persistently down"),
            line("Time to the decision", 16, 20, "3 min 56 s; full points under 3 min"),
            line("Loss stated before acting", 20, 20, ""),
            line("Record complete", 20, 30, "One step was skipped without a second word"),
        ],
        mistakes: vec!["decided-late".into()],
    };
    let mut run = until("O1");
    run.closed = Some("Recovered with findings. Users are served from Sweden Central after 12 min 30 s.".into());
    run.waits = String::new();
    run.cards.iter_mut().for_each(|c| Arc::make_mut(c).actions.clear());
    run.clocks.rta = Some(750_000);
    run.clocks.forecast = String::new();
    let gantt = super::super::morning::of(&run.phases, 17);
    run.gantt = Arc::new(Gantt { ended: Some(NOW), ..gantt });
    run.score = Some(score);
    Snapshot { run: Some(Arc::new(run)), ..snapshot() }
}
