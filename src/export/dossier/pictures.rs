//! The pictures of a run: how long it took against what was agreed, and what happened when.

use super::super::block::{Anchor, Picture, Shape, WIDTH};
use super::{Doing, Dossier, Story};
use crate::run::objective::Objective;
use crate::units::{Millis, utc_clock, visible};

/// Left of the bars stand their names.
const NAMES: f32 = 164.0;
/// Characters of a name that fit there.
const NAME: usize = 42;
const ROW: f32 = 12.0;
const BAR: f32 = 6.5;
/// Rows of one picture: one stays on a page.
const ROWS: usize = 40;
/// Room for the name of an instant, and rows of them at most: all could be close to each other.
const LABEL: f32 = 17.0;
const LABEL_ROWS: usize = 13;
const LABEL_ROW: f32 = 8.0;

/// Marks of the scale at most.
const TICKS: i64 = 8;

fn text(x: f32, y: f32, text: &str, size: f32, gray: u8, anchor: Anchor) -> Shape {
    Shape::Text { x, y, text: visible(text), size, bold: false, gray, anchor }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}

/// Each objective as two bars: what was agreed, what was measured.
pub(super) fn objectives(all: &[Objective]) -> Option<Picture> {
    let longest = all.iter().flat_map(|o| [Some(o.agreed()), o.actual()]).flatten().max().filter(|m| m.0 > 0)?;
    let (left, room) = (NAMES, WIDTH - NAMES - 60.0);
    let long = |m: Millis| room * (m.0 as f32 / longest.0 as f32);
    let (mut shapes, mut said, mut y) = (Vec::new(), Vec::new(), 2.0);
    for o in all {
        let bold = Shape::Text {
            x: 0.0,
            y: y + 10.5,
            text: o.name.clone(),
            size: 9.0,
            bold: true,
            gray: 0,
            anchor: Anchor::Start,
        };
        shapes.push(bold);
        shapes.push(text(34.0, y + 10.5, o.met_objective.word(), 9.0, 0, Anchor::Start));
        shapes.push(text(left - 8.0, y + 6.2, "agreed", 7.0, 90, Anchor::End));
        shapes.push(Shape::Fill { x: left, y, w: long(o.agreed()).max(0.8), h: 7.0, gray: 205 });
        shapes.push(text(left + long(o.agreed()) + 5.0, y + 6.2, &o.agreed().to_string(), 7.5, 40, Anchor::Start));
        let below = y + 9.5;
        shapes.push(text(left - 8.0, below + 6.2, "measured", 7.0, 90, Anchor::End));
        match o.actual() {
            Some(m) => {
                shapes.push(Shape::Fill { x: left, y: below, w: long(m).max(0.8), h: 7.0, gray: 60 });
                shapes.push(text(left + long(m) + 5.0, below + 6.2, &m.to_string(), 7.5, 0, Anchor::Start));
                said.push(format!("{}: agreed {}, measured {m}, {}.", o.name, o.agreed(), o.met_objective.word()));
            }
            None => {
                shapes.push(text(left, below + 6.2, "not measured", 7.5, 0, Anchor::Start));
                said.push(format!("{}: agreed {}, not measured.", o.name, o.agreed()));
            }
        }
        y += 28.0;
    }
    Some(Picture { text: said.join(" "), height: y - 4.0, shapes })
}

/// The scale that all pictures of one run share.
struct Scale {
    from: i64,
    to: i64,
}

impl Scale {
    fn of(s: &Story, last: i64) -> Self {
        let known = s.instants.iter().filter_map(|i| i.at).chain(s.spans.iter().map(|p| p.from));
        let from = known.clone().chain([s.started]).min().unwrap_or(s.started);
        let ends = s.spans.iter().filter_map(|p| p.to);
        let to = known.chain(ends).chain([s.ended.unwrap_or(last)]).max().unwrap_or(from);
        Self { from, to: to.max(from.saturating_add(60_000)) }
    }

    fn x(&self, at: i64) -> f32 {
        let (room, all) = (WIDTH - NAMES - 4.0, self.to.saturating_sub(self.from));
        let part = at.clamp(self.from, self.to).saturating_sub(self.from);
        NAMES + room * (part as f64 / all as f64) as f32
    }

    /// Marks at round distances from the start.
    fn ticks(&self) -> impl Iterator<Item = i64> {
        const MINUTE: i64 = 60_000;
        const ROUND: [i64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080];
        let (from, to) = (self.from, self.to);
        let all = to.saturating_sub(from);
        let fits = ROUND.into_iter().map(|m| m * MINUTE).find(|d| all / d <= TICKS);
        let every = fits.unwrap_or_else(|| (all / TICKS).max(1));
        let first = from.saturating_sub(from.rem_euclid(every)).saturating_add(every);
        (0..=TICKS + 1).map(move |n| first.saturating_add(n.saturating_mul(every))).filter(move |at| *at <= to)
    }
}

/// Steps from top to bottom, time from left to right; as many pictures as pages are needed.
pub(super) fn timeline(d: &Dossier) -> Vec<Picture> {
    let Ok(s) = &d.story else { return Vec::new() };
    let scale = Scale::of(s, d.rows.last().map_or(s.started, |r| r.at));
    let shown: Vec<_> = s.steps.iter().filter(|l| s.spans.iter().any(|p| p.step == l.id)).collect();
    if shown.is_empty() && s.instants.iter().all(|i| i.at.is_none()) {
        return Vec::new();
    }
    let heaps: Vec<&[_]> = if shown.is_empty() { vec![&[][..]] } else { shown.chunks(ROWS).collect() };
    let n = heaps.len();
    heaps
        .into_iter()
        .enumerate()
        .map(|(i, heap)| {
            let mut shapes = Vec::new();
            let named = instants(s, &scale);
            let label_rows = named.iter().map(|n| n.row + 1).max().unwrap_or(0);
            let top = LABEL_ROW * label_rows as f32 + 4.0;
            let bottom = top + ROW * heap.len() as f32 + 3.0;
            for span in s.spans.iter().filter(|p| p.doing == Doing::Paused) {
                let (from, to) = (scale.x(span.from), scale.x(span.to.unwrap_or(scale.to)));
                shapes.push(Shape::Fill { x: from, y: top, w: (to - from).max(0.8), h: bottom - top, gray: 232 });
            }
            for n in &named {
                let y = LABEL_ROW * (n.row + 1) as f32 - 1.5;
                shapes.push(Shape::Fill { x: n.x - 0.2, y: y + 1.5, w: 0.4, h: bottom - y - 1.5, gray: 165 });
                shapes.push(text(n.label, y, n.code, 7.0, 40, Anchor::Middle));
            }
            for (n, line) in heap.iter().enumerate() {
                let y = top + ROW * n as f32;
                let name = cut(&format!("{} {}", visible(&line.id), visible(&line.title)));
                shapes.push(text(0.0, y + 8.0, &name, 7.0, 0, Anchor::Start));
                shapes.push(Shape::Fill { x: NAMES, y: y + ROW - 0.8, w: WIDTH - NAMES, h: 0.3, gray: 215 });
                for span in s.spans.iter().filter(|p| p.step == line.id) {
                    bar(span.doing, scale.x(span.from), scale.x(span.to.unwrap_or(scale.to)), y + 2.4, &mut shapes);
                }
            }
            shapes.push(Shape::Fill { x: NAMES, y: bottom, w: WIDTH - NAMES, h: 0.7, gray: 60 });
            for at in scale.ticks() {
                let x = scale.x(at);
                shapes.push(Shape::Fill { x: x - 0.2, y: bottom, w: 0.5, h: 3.0, gray: 60 });
                shapes.push(text(x.min(WIDTH - 12.0), bottom + 11.0, &utc_clock(at)[..5], 7.0, 70, Anchor::Middle));
            }
            shapes.push(text(0.0, bottom + 11.0, "UTC, by the run's clock", 7.0, 70, Anchor::Start));
            let height = legend(bottom + 20.0, &mut shapes);
            let of = if n > 1 { format!(", part {} of {n}", i + 1) } else { String::new() };
            let words = format!(
                "Timeline{of}: {} steps from {} to {} UTC. The tables of instants and steps beside it say the same in words.",
                heap.len(),
                utc_clock(scale.from),
                utc_clock(scale.to)
            );
            Picture { text: words, height, shapes }
        })
        .collect()
}

/// An instant's place.
struct Named<'a> {
    code: &'a str,
    /// Of its line.
    x: f32,
    /// Of the middle of its name.
    label: f32,
    row: usize,
}

/// T0 and so on, in time; their names in as many rows as they need.
fn instants<'a>(s: &'a Story, scale: &Scale) -> Vec<Named<'a>> {
    let mut ends = [f32::MIN; LABEL_ROWS];
    let mut known: Vec<_> = s.instants.iter().filter_map(|i| Some((i.at?, i.code.as_str()))).collect();
    known.sort_by_key(|(at, _)| *at);
    let named = known.into_iter().map(|(at, code)| {
        let x = scale.x(at);
        let label = x.clamp(NAMES + LABEL / 2.0, WIDTH - LABEL / 2.0);
        let row = ends.iter().position(|end| *end <= label - LABEL / 2.0).unwrap_or(LABEL_ROWS - 1);
        ends[row] = label + LABEL / 2.0;
        Named { code, x, label, row }
    });
    named.collect()
}

fn bar(doing: Doing, from: f32, to: f32, y: f32, shapes: &mut Vec<Shape>) {
    let w = (to - from).max(1.6);
    match doing {
        Doing::Work => shapes.push(Shape::Fill { x: from, y, w, h: BAR, gray: 60 }),
        Doing::Failed => {
            shapes.push(Shape::Fill { x: from, y, w, h: BAR, gray: 255 });
            shapes.push(Shape::Frame { x: from, y, w, h: BAR, gray: 0 });
        }
        Doing::Waited => shapes.push(Shape::Fill { x: from, y: y + 2.0, w, h: BAR - 4.0, gray: 150 }),
        // On paper a step at work is one bar.
        Doing::Azure | Doing::People | Doing::Paused => {}
    }
}

/// What the shades mean; where it ends.
fn legend(y: f32, shapes: &mut Vec<Shape>) -> f32 {
    let mut x = NAMES;
    for (doing, words) in
        [(Doing::Work, "at work"), (Doing::Failed, "failed"), (Doing::Waited, "second person waited for")]
    {
        bar(doing, x, x + 14.0, y, shapes);
        shapes.push(text(x + 18.0, y + 5.8, words, 7.0, 70, Anchor::Start));
        x += 24.0 + words.len() as f32 * 4.4;
    }
    shapes.push(Shape::Fill { x, y, w: 14.0, h: BAR, gray: 232 });
    shapes.push(text(x + 18.0, y + 5.8, "paused", 7.0, 70, Anchor::Start));
    y + 12.0
}
