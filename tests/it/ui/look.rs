//! How it looks, without looking: contrast of every colour and of every text as it is drawn, nothing cut off, nothing over
//! something else, states told apart without colour.

use std::collections::BTreeSet;

use eframe::egui::accesskit::Role;
use eframe::egui::epaint::{ClippedShape, TextShape};
use eframe::egui::{self, Color32, Pos2, Rect, Shape, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::desk::snapshot::{Mark, Snapshot, StepState};
use lifeboat::ui::facilitator;
use lifeboat::ui::theme::{DARK, LIGHT, PAIRS, Tokens};
use lifeboat::ui::view::Screen;
use lifeboat::ui::widgets::{paint_mark, paint_step};

use super::pictures::{ROOM, SHEETS, Shown};
use super::{Window, bounds, sample};

fn luminance(c: Color32) -> f64 {
    let part = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    0.212_6 * part(c.r()) + 0.715_2 * part(c.g()) + 0.072_2 * part(c.b())
}

fn contrast(a: Color32, b: Color32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_pair_of_colours_has_the_contrast_it_needs() {
    for (t, theme) in [(&DARK, "dark"), (&LIGHT, "light")] {
        let all = t.all();
        let named = |name: &str| all.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("{name}")).1;
        for (ink, least, grounds) in PAIRS {
            for ground in *grounds {
                let found = contrast(named(ink), named(ground));
                assert!(found >= *least, "{theme}: {ink} on {ground} has {found:.2}, not {least}");
            }
        }
    }
    let inks: BTreeSet<&str> = PAIRS.iter().map(|(ink, ..)| *ink).collect();
    for ink in ["text", "secondary", "accent", "on_accent", "on_band", "ok", "suspect", "down", "degraded", "unknown"] {
        assert!(inks.contains(ink), "{ink} is held to nothing");
    }
}

/// Shapes in the order they are painted, each with what it is cut at.
fn flat(shapes: &[ClippedShape]) -> Vec<(Rect, Shape)> {
    fn into(clip: Rect, shape: &Shape, out: &mut Vec<(Rect, Shape)>) {
        match shape {
            Shape::Vec(many) => many.iter().for_each(|s| into(clip, s, out)),
            Shape::Noop => {}
            one => out.push((clip, one.clone())),
        }
    }
    let mut out = Vec::new();
    shapes.iter().for_each(|s| into(s.clip_rect, &s.shape, &mut out));
    out
}

/// What a shape fills this point with.
fn fill(shape: &Shape, at: Pos2) -> Option<Color32> {
    let color = match shape {
        Shape::Rect(r) if r.rect.contains(at) => r.fill,
        Shape::Circle(c) if c.center.distance(at) <= c.radius => c.fill,
        Shape::Path(p) if p.closed && inside(&p.points, at) => p.fill,
        _ => return None,
    };
    (color.a() > 0).then_some(color)
}

fn inside(points: &[Pos2], at: Pos2) -> bool {
    let edges = points.iter().zip(points.iter().cycle().skip(1));
    let crossed =
        edges.filter(|(a, b)| (a.y > at.y) != (b.y > at.y) && at.x < (b.x - a.x) * (at.y - a.y) / (b.y - a.y) + a.x);
    crossed.count() % 2 == 1
}

/// A text on the screen, with what is under it.
struct Text {
    words: String,
    rect: Rect,
    clip: Rect,
    inks: Vec<Color32>,
    ground: Color32,
}

/// All texts that can be seen.
fn texts(shapes: &[(Rect, Shape)], background: Color32) -> Vec<Text> {
    let mut out = Vec::new();
    for (i, (clip, shape)) in shapes.iter().enumerate() {
        let Shape::Text(text) = shape else { continue };
        if text.galley.text().trim().is_empty() || text.angle != 0.0 {
            continue;
        }
        // Row by row as it is inked: a text that flows begins in the middle of its first line.
        for row in &text.galley.rows {
            let rect = row.visuals.mesh_bounds.translate(text.pos.to_vec2() + row.pos.to_vec2());
            if rect.is_positive() && clip.contains(rect.center()) {
                out.extend(seen(shapes, i, text, rect, background));
            }
        }
    }
    out
}

/// One row of the text that is painted as the i-th, unless something covers it.
fn seen(shapes: &[(Rect, Shape)], i: usize, text: &TextShape, rect: Rect, background: Color32) -> Option<Text> {
    let at = rect.center();
    let fills = |part: &[(Rect, Shape)]| -> Vec<Color32> {
        part.iter().filter(|(clip, _)| clip.contains(at)).filter_map(|(_, s)| fill(s, at)).collect()
    };
    // Under a dialog, or under its shade: not to be read now.
    if !fills(&shapes[i + 1..]).is_empty() {
        return None;
    }
    let ground = fills(&shapes[..i]).into_iter().fold(background, |below, c| below.blend(c));
    let words = text.galley.text().to_owned();
    Some(Text { words, rect, clip: shapes[i].0, inks: inks(text, ground), ground })
}

fn inks(text: &TextShape, ground: Color32) -> Vec<Color32> {
    let of = |c: Color32| if c == Color32::PLACEHOLDER { text.fallback_color } else { c };
    let all = text.galley.job.sections.iter().map(|s| text.override_text_color.unwrap_or_else(|| of(s.format.color)));
    all.map(|c| ground.blend(c.gamma_multiply(text.opacity_factor))).collect()
}

fn tokens(theme: Theme) -> &'static Tokens {
    if theme == Theme::Dark { &DARK } else { &LIGHT }
}

/// The texts of each sheet, in this theme and size.
fn each(theme: Theme, size: [f32; 2], mut look: impl FnMut(&str, &[Text])) {
    for (name, sheet) in SHEETS {
        let least = if ROOM.contains(name) { facilitator::SMALLEST } else { [0.0, 0.0] };
        let size = [size[0].max(least[0]), size[1].max(least[1])];
        let mut shown: Option<Shown> = None;
        let mut harness = Harness::builder().with_size(vec2(size[0], size[1])).with_max_steps(20).build_ui(move |ui| {
            let shown = shown.get_or_insert_with(|| {
                let shown = Shown::sheet(ui.ctx(), name, sheet);
                ui.ctx().set_theme(theme);
                shown
            });
            shown.draw(ui);
        });
        for _ in 0..4 {
            harness.step();
        }
        look(name, &texts(&flat(&harness.output().shapes), tokens(theme).background));
    }
}

#[test]
fn every_text_can_be_read_on_what_it_stands_on() {
    for theme in [Theme::Dark, Theme::Light] {
        let t = tokens(theme);
        let mut poor = BTreeSet::new();
        let mut seen = 0;
        each(theme, [1280.0, 800.0], |sheet, texts| {
            for text in texts {
                seen += 1;
                // What cannot be pressed now is exempt from the rule, not from being seen.
                let worst = text.inks.iter().filter(|c| **c != t.faint).map(|c| contrast(*c, text.ground));
                let worst = worst.fold(f64::INFINITY, f64::min);
                if worst < 4.5 {
                    poor.insert(format!("{sheet}: “{}” has {worst:.2} on {:?}", text.words, text.ground));
                }
            }
        });
        assert!(seen > 1_000, "{seen} texts were seen");
        assert!(poor.is_empty(), "{theme:?}: {poor:#?}");
    }
}

#[test]
fn no_text_is_cut_off_or_stands_over_another() {
    let mut wrong = BTreeSet::new();
    for size in [[1280.0, 800.0], [960.0, 600.0], [640.0, 480.0]] {
        each(Theme::Dark, size, |sheet, texts| {
            for (i, text) in texts.iter().enumerate() {
                if text.rect.left() < text.clip.left() - 1.0 || text.rect.right() > text.clip.right() + 1.0 {
                    wrong.insert(format!(
                        "{size:?} {sheet}: “{}” is cut off: {:?} in {:?}",
                        text.words, text.rect, text.clip
                    ));
                }
                let inner = text.rect.intersect(text.clip).shrink(1.0);
                for other in &texts[i + 1..] {
                    let theirs = other.rect.intersect(other.clip).shrink(1.0);
                    if inner.is_positive() && theirs.is_positive() && inner.intersects(theirs) {
                        wrong.insert(format!("{size:?} {sheet}: “{}” and “{}” at {inner:?}", text.words, other.words));
                    }
                }
            }
        });
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_comes_by_itself_covers_no_button() {
    let live = sample::live();
    let called = Snapshot { notice: live.notice.clone(), ..sample::on_call() };
    let screens = Screen::ALL.map(|s| (s, if s == Screen::Run { live.clone() } else { called.clone() }));
    let mut covered = BTreeSet::new();
    for size in [[1280.0, 800.0], [960.0, 600.0]] {
        // The buttons in the way of the Situation are its regions: they lie in a page that scrolls, and only filter.
        for (screen, snapshot) in screens.iter().filter(|(s, _)| *s != Screen::Situation) {
            let mut w = Window::sized(snapshot.clone(), size);
            w.harness.state_mut().show(*screen);
            w.harness.run();
            let area = w.harness.ctx.memory(|m| m.area_rect(egui::Id::unique("notice"))).unwrap();
            let (mut seen, mut own) = (0, Vec::new());
            for button in w.harness.query_all_by_role(Role::Button) {
                let Some(rect) = bounds(&button) else { continue };
                seen += 1;
                // Its own, and what has scrolled out of sight.
                let inside = area.contains_rect(rect);
                own.extend(inside.then(|| button.accesskit_node().label()));
                let name = button.accesskit_node().label().unwrap_or_default();
                if !inside && area.intersects(rect) {
                    covered.insert(format!("{size:?} {screen:?}: {name}"));
                }
            }
            assert!(seen > 3 && own.len() <= 3, "{size:?} {screen:?}: {seen} buttons, in it: {own:?}");
        }
    }
    assert!(covered.is_empty(), "{covered:#?}");
}

/// What is painted in one colour.
fn painted(paint: impl Fn(&egui::Painter)) -> String {
    let ctx = egui::Context::default();
    let mut output = ctx.run_ui(egui::RawInput::default(), |ui| paint(ui.painter()));
    output.textures_delta.clear();
    flat(&output.shapes).iter().map(|(_, s)| format!("{s:?}\n")).collect()
}

#[test]
fn states_are_told_apart_without_colour() {
    let marks = Mark::ALL;
    let shapes = marks.map(|m| painted(|p| paint_mark(p, egui::pos2(20.0, 20.0), 5.0, m, Color32::GRAY)));
    assert_eq!(shapes.iter().collect::<BTreeSet<_>>().len(), marks.len());
    assert_eq!(marks.map(Mark::word).iter().collect::<BTreeSet<_>>().len(), marks.len());
    // All tokens the same grey: what is left is the shape. A tick is a tick, whoever did it; the word says who.
    let mut grey = DARK;
    for hue in [&mut grey.ok, &mut grey.suspect, &mut grey.down, &mut grey.degraded, &mut grey.unknown] {
        *hue = Color32::GRAY;
    }
    for hue in [&mut grey.text, &mut grey.secondary, &mut grey.faint, &mut grey.accent] {
        *hue = Color32::GRAY;
    }
    let steps = StepState::ALL.map(|s| (s, painted(|p| paint_step(p, egui::pos2(20.0, 20.0), s, false, &grey))));
    let groups: BTreeSet<&String> = steps.iter().map(|(_, shape)| shape).collect();
    // Three ways of being done.
    assert_eq!(groups.len(), StepState::ALL.len() - 2);
}

#[test]
fn no_other_file_of_the_window_makes_a_colour() {
    fn files(dir: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, out) } else { out.push(path) }
        }
    }
    let mut all = Vec::new();
    files(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui"), &mut all);
    assert!(all.len() > 40);
    for path in all.iter().filter(|p| !p.ends_with("theme/tokens.rs")) {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(!text.contains("Color32::from_"), "{} makes a colour of its own", path.display());
    }
}
