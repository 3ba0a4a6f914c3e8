//! What was deleted and can still come back, in the order of the work: how long each has left, what is in its way, and one
//! button that begins its recovery. Nothing here changes Azure, and purging is not offered.

mod board;
mod detail;

use std::sync::Arc;

use eframe::egui::{self, Align, CentralPanel, ComboBox, Frame, Layout, Margin, Panel, ScrollArea, Stroke, Ui, vec2};

use crate::desk::snapshot::{Alarm, DeletedRow, Mark, RecoveryView, Snapshot};
use crate::ui::intent::{self, Intent};
use crate::ui::theme;
use crate::ui::view::{Act, Cx, View};
use crate::ui::widgets::layout::{one_or_all, typing_ring};
use crate::ui::widgets::text::{copyable, cut, small};
use crate::ui::widgets::{Button, body, bold, empty, in_line, mark, secondary, title};
use crate::units::Millis;

/// Failures shown at once; all of them can be scrolled to.
const FAILURES_SHOWN: f32 = 3.0;

/// From this width on the filters stand on one line.
const ONE_LINE: f32 = 700.0;

/// Which rows are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    #[default]
    All,
    /// Urgent, over, or of unknown deadline.
    Pressing,
    /// What can come back.
    Open,
    /// What cannot.
    Lost,
}

impl Which {
    const ALL: [(Self, &'static str); 4] = [
        (Self::All, "all"),
        (Self::Pressing, "urgent or unknown"),
        (Self::Open, "can come back"),
        (Self::Lost, "cannot come back"),
    ];

    fn takes(self, alarm: Alarm) -> bool {
        match self {
            Self::All => true,
            Self::Pressing => alarm.presses(),
            Self::Open => !matches!(alarm, Alarm::Lost | Alarm::Over),
            Self::Lost => matches!(alarm, Alarm::Lost | Alarm::Over),
        }
    }
}

/// The screen's own state.
#[derive(Default)]
pub struct BoardView {
    /// Filter text.
    pub filter: String,
    /// Which rows.
    pub which: Which,
    /// Subscription's name; empty: all.
    pub subscription: String,
    /// Id of the selected row.
    pub selected: Option<String>,
    /// Rows that pass, the subscriptions that occur, and what they were computed for.
    rows: Vec<usize>,
    subscriptions: Vec<String>,
    made_for: Option<(Arc<RecoveryView>, String, Which, String)>,
}

/// The shape of an alarm; for what cannot come back there is nothing to watch.
pub fn shape(alarm: Alarm) -> Option<Mark> {
    match alarm {
        Alarm::Fine => Some(Mark::Ok),
        Alarm::Amber => Some(Mark::Suspect),
        Alarm::Red | Alarm::Over => Some(Mark::Down),
        Alarm::Unknown => Some(Mark::Unknown),
        Alarm::Lost => None,
    }
}

/// The row that the keys and the button mean: the selected one, else the first on show.
pub fn chosen<'a>(view: &BoardView, snap: &'a Snapshot) -> Option<&'a DeletedRow> {
    let rows = &snap.recovery.rows;
    let shown = || view.rows.iter().filter_map(|i| rows.get(*i));
    let selected = view.selected.as_ref().and_then(|id| shown().find(|r| r.id == *id));
    selected.or_else(|| shown().next())
}

/// The row above or below.
pub fn move_selection(view: &mut BoardView, snap: &Snapshot, down: bool) {
    let rows = &snap.recovery.rows;
    let ids: Vec<&String> = view.rows.iter().filter_map(|i| rows.get(*i)).map(|r| &r.id).collect();
    let now = view.selected.as_ref().and_then(|id| ids.iter().position(|i| *i == id)).unwrap_or(0);
    let next = if down { (now + 1).min(ids.len().saturating_sub(1)) } else { now.saturating_sub(1) };
    view.selected = ids.get(next).map(|id| (*id).clone());
}

/// What stands beside the screen's name in the navigation.
pub fn count(snap: &Snapshot, now: i64) -> String {
    let alarms: Vec<Alarm> = snap.recovery.rows.iter().map(|r| r.alarm(now)).collect();
    let n = |a: Alarm| alarms.iter().filter(|x| **x == a).count();
    let first = [Alarm::Red, Alarm::Unknown, Alarm::Amber].into_iter().find(|a| n(*a) > 0);
    first.map_or_else(String::new, |a| format!("{} {}", n(a), a.word()))
}

/// Draws it.
pub fn show(ui: &mut Ui, cx: &Cx, view: &mut View) {
    let board = &cx.snap.recovery;
    if board.read_at.is_none() {
        super::page(ui, view, "nothing-read", |ui, _| nothing(ui, cx, board));
        return;
    }
    refresh(&mut view.board, board, cx.now.wall);
    let frame = |top, bottom| Frame::new().inner_margin(Margin { left: 24, right: 24, top, bottom });
    Panel::top("recovery-head").show_separator_line(false).frame(frame(20, 8)).show(ui, |ui| {
        head(ui, cx, view, board);
    });
    if let Some(row) = chosen(&view.board, cx.snap) {
        let t = theme::of(ui);
        // What a short table leaves is of use to what is known of the chosen one.
        let table = theme::ROW * (view.board.rows.len() + 1) as f32 + 8.0;
        let room = ui.available_height();
        let height = (room * 0.46).max(room - table).clamp(120.0, 320.0);
        Panel::bottom("recovery-detail")
            .exact_size(height)
            .show_separator_line(false)
            .frame(Frame::new().fill(t.panel).inner_margin(Margin { left: 24, right: 24, top: 12, bottom: 4 }))
            .show(ui, |ui| {
                let rect = ui.max_rect().expand2(vec2(24.0, 12.0));
                ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
                detail::show(ui, cx, row);
            });
    }
    CentralPanel::no_frame().frame(frame(0, 8)).show(ui, |ui| board::show(ui, cx, view));
}

fn nothing(ui: &mut Ui, cx: &Cx, board: &RecoveryView) {
    let text = "Azure keeps what was deleted for a while: AI accounts 48 hours, storage accounts and Log Analytics 14 days, \
                key vaults and what is in them 7 to 90 days. Hubs and projects not at all. This lists what can \
                still come back in all your subscriptions, how long it has, and what is in its way. Reading changes nothing.";
    empty(ui, "What was deleted", text, |ui| match board.progress {
        Some(p) => {
            ui.label(secondary(ui, progress(p)));
        }
        None => {
            if Button::new("Read what was deleted").primary().key(intent::key_text(Intent::ReadDeleted)).show(ui) {
                cx.act(Act::Do(Intent::ReadDeleted));
            }
        }
    });
}

fn progress((done, of): (usize, usize)) -> String {
    if of == 0 {
        "Reading your subscriptions …".to_owned()
    } else {
        format!("Reading: {done} of {of} subscriptions …")
    }
}

fn head(ui: &mut Ui, cx: &Cx, view: &mut View, board: &Arc<RecoveryView>) {
    title(ui, "Recovery");
    in_line(ui, |ui| {
        let button = Button::new("Read again").small().key(intent::key_text(Intent::ReadDeleted));
        let busy = board.progress.map(progress);
        if button.refused(busy.as_deref()).show(ui) {
            cx.act(Act::Do(Intent::ReadDeleted));
        }
        cut(ui, secondary(ui, busy.unwrap_or_else(|| read(cx, board))));
    });
    failures(ui, board);
    filters(ui, view, board);
}

/// How old the board is, and of which Azure.
fn read(cx: &Cx, board: &RecoveryView) -> String {
    let at = board.read_at.unwrap_or_default();
    cx.changes_every(at, 60);
    let age = Millis(u64::try_from(cx.now.wall.saturating_sub(at)).unwrap_or(0) / 60_000 * 60_000);
    let age = if age.0 == 0 { "less than a minute ago".to_owned() } else { format!("{age} ago") };
    let of = if board.subscriptions == 1 {
        "1 subscription".to_owned()
    } else {
        format!("{} subscriptions", board.subscriptions)
    };
    format!("Read {age} from {}: {of}, {} requests", board.azure, board.requests)
}

/// What could not be read: what is missing for that reason is not absent.
fn failures(ui: &mut Ui, board: &RecoveryView) {
    if board.failed.is_empty() && board.short_logs.is_empty() {
        return;
    }
    let most = FAILURES_SHOWN * (theme::LINE + 4.0);
    ScrollArea::vertical().id_salt("failed").max_height(most).auto_shrink([false, true]).show(ui, |ui| {
        for (i, (name, what, why)) in board.failed.iter().enumerate() {
            ui.push_id(i, |ui| {
                ui.horizontal_top(|ui| {
                    mark(ui, Mark::Unknown);
                    copyable(ui, body(format!("Not read: {name}, {what}: {why}")));
                });
            });
        }
        for (i, (name, since)) in board.short_logs.iter().enumerate() {
            ui.push_id(("log", i), |ui| {
                let since = crate::ui::view::utc_minute(*since);
                let text = format!("The activity log of {name} is long: it was read back to {since} UTC only.");
                copyable(ui, small(ui, text));
            });
        }
    });
}

fn filters(ui: &mut Ui, view: &mut View, board: &Arc<RecoveryView>) {
    let line = ui.available_width() >= ONE_LINE;
    let add = |ui: &mut Ui| filter_fields(ui, view, board);
    if line { in_line(ui, add) } else { ui.horizontal_wrapped(add).inner }
}

fn filter_fields(ui: &mut Ui, view: &mut View, board: &Arc<RecoveryView>) {
    let name = ui.label(small(ui, "Filter"));
    let field =
        egui::TextEdit::singleline(&mut view.board.filter).desired_width(180.0).margin(Margin::symmetric(10, 8));
    let field = ui.add(field).labelled_by(name.id);
    typing_ring(ui, &field);
    if view.focus_field {
        field.request_focus();
        view.focus_field = false;
    }
    let name = ui.label(small(ui, "Show"));
    let shown = Which::ALL.iter().find(|(w, _)| *w == view.board.which).map_or("", |(_, n)| n);
    let combo = ComboBox::from_id_salt("which").selected_text(shown).width(136.0).show_ui(ui, |ui| {
        for (which, name) in Which::ALL {
            ui.selectable_value(&mut view.board.which, which, name);
        }
    });
    let _ = combo.response.labelled_by(name.id);
    if view.board.subscriptions.len() > 1 {
        one_or_all(ui, "Subscription", &mut view.board.subscription, &view.board.subscriptions);
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.label(small(ui, format!("{} of {}", view.board.rows.len(), board.rows.len())));
    });
}

/// Sorted out again only when board or filter have changed.
fn refresh(view: &mut BoardView, board: &Arc<RecoveryView>, now: i64) {
    let same = view.made_for.as_ref().is_some_and(|(b, filter, which, subscription)| {
        Arc::ptr_eq(b, board) && *filter == view.filter && *which == view.which && *subscription == view.subscription
    });
    if same {
        return;
    }
    let mut all: Vec<String> = board.rows.iter().map(|r| r.subscription.clone()).collect();
    all.sort_unstable();
    all.dedup();
    view.subscriptions = all;
    let wanted = view.filter.trim().to_lowercase();
    let passes = |r: &DeletedRow| {
        let texts = [&r.name, &r.group, &r.region, &r.subscription];
        view.which.takes(r.alarm(now))
            && (view.subscription.is_empty() || r.subscription == view.subscription)
            && (wanted.is_empty()
                || r.what.to_lowercase().contains(&wanted)
                || texts.iter().any(|t| t.to_lowercase().contains(&wanted)))
    };
    view.rows = board.rows.iter().enumerate().filter(|(_, r)| passes(r)).map(|(i, _)| i).collect();
    view.made_for = Some((board.clone(), view.filter.clone(), view.which, view.subscription.clone()));
}

/// How much is left, in words that change once a minute at most.
fn left(cx: &Cx, row: &DeletedRow) -> String {
    let now = cx.now.wall;
    match (row.alarm(now), row.term.left(now), row.term.at()) {
        (Alarm::Over, ..) => "over".to_owned(),
        (Alarm::Lost, ..) => row.time.clone(),
        (_, Some(left), Some(at)) => {
            cx.changes_every(at, 60);
            format!("{} left", Millis(left.0 / 60_000 * 60_000))
        }
        _ => "unknown".to_owned(),
    }
}

/// Nothing passes the filter.
fn none(ui: &mut Ui, board: &RecoveryView) {
    ui.add_space(24.0);
    let text = match (board.rows.is_empty(), board.failed.is_empty()) {
        (true, true) => "Nothing is in soft delete, and the activity logs show nothing lost.",
        (true, false) => "Nothing was found where it could be read. What could not be read stands above.",
        (false, _) => "Nothing passes the filter.",
    };
    ui.label(bold(text));
}
