//! Real windows to look at, drawn by the graphics library that the product uses. `LIFEBOAT_PICTURES=name,theme,width,height,scale`
//! opens one on the display there is and leaves it open; `LIFEBOAT_PICTURES=all:FOLDER` writes a picture of everything there
//! is to see, in both themes and three sizes (`tests/pictures`). Without the variable nothing is opened.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use eframe::egui::{self, ColorImage, Theme, ViewportCommand, vec2};
use lifeboat::desk::snapshot::{Mode, RequestView, Situation, Snapshot};
use lifeboat::ui::App;
use lifeboat::ui::ask::Ask;
use lifeboat::ui::facilitator::Room;
use lifeboat::ui::gallery::Gallery;
use lifeboat::ui::overlay::Palette;
use lifeboat::ui::theme;
use lifeboat::ui::view::{Column, Screen};

use super::{audit, facilitator, hooks, link_of, pair, recovery, rehearse, sample, situations};

/// What is on a picture: the desk's snapshot, and what a person would press to get there.
pub struct Sheet {
    snapshot: fn() -> Snapshot,
    turn: fn(&mut App),
}

const fn on(snapshot: fn() -> Snapshot, turn: fn(&mut App)) -> Sheet {
    Sheet { snapshot, turn }
}

fn run(app: &mut App) {
    app.show(Screen::Run);
}

fn situation(app: &mut App) {
    app.show(Screen::Situation);
}

fn approve(app: &mut App) {
    app.show(Screen::Approve);
}

/// Everything there is to see, by name.
pub const SHEETS: &[(&str, Sheet)] = &[
    ("start", on(sample::first_start, situation)),
    ("situation", on(sample::on_call, situation)),
    ("fine", on(|| situations::on(situations::fine()), situation)),
    ("down", on(|| situations::on(situations::down()), situation)),
    ("blind", on(|| situations::on(situations::blind()), situation)),
    ("entra", on(|| situations::on(situations::entra_down()), situation)),
    ("unknown", on(|| situations::on(situations::unknown()), situation)),
    ("many", on(|| situations::on(situations::large(24, 200)), situation)),
    ("crowd", on(|| situations::on(situations::large(60, 1_000)), situation)),
    ("stages", on(stages, situation)),
    ("run", on(sample::snapshot, run)),
    ("decide", on(|| sample::at("D4"), run)),
    ("failed", on(|| sample::at("F2"), run)),
    ("live", on(sample::live, run)),
    ("closed", on(sample::closed, run)),
    ("waiting", on(pair::waiting, run)),
    ("full", on(pair::full, run)),
    ("refused", on(pair::refused, run)),
    ("taking", on(pair::taking_back, run)),
    ("handed", on(pair::handed_over, run)),
    ("long", on(pair::long, run)),
    (
        "papers",
        on(pair::full, |app| {
            run(app);
            app.view_mut().column = Column::Papers;
        }),
    ),
    (
        "checklist",
        on(sample::snapshot, |app| {
            run(app);
            app.view_mut().column = Column::Checklist;
        }),
    ),
    (
        "timeline",
        on(sample::snapshot, |app| {
            run(app);
            app.view_mut().column = Column::Timeline;
        }),
    ),
    (
        "note",
        on(sample::snapshot, |app| {
            run(app);
            app.view_mut().ask = Some(Ask::note());
        }),
    ),
    (
        "palette",
        on(sample::snapshot, |app| {
            run(app);
            app.view_mut().palette = Some(Palette::default());
        }),
    ),
    (
        "help",
        on(sample::snapshot, |app| {
            run(app);
            app.view_mut().help = true;
        }),
    ),
    ("norun", on(sample::on_call, run)),
    ("commander", on(pair::full, |app| app.show(Screen::Commander))),
    ("facilitator", on(facilitator::led, run)),
    ("tabletop", on(facilitator::tabletop, run)),
    ("approve", on(|| pair::approving(pair::request(Mode::Live)), approve)),
    ("named", on(named, approve)),
    ("stranger", on(stranger, approve)),
    ("answered", on(pair::answered, approve)),
    ("keys", on(keys, approve)),
    ("runbooks", on(sample::on_call, |app| app.show(Screen::Runbooks))),
    ("restricted", on(sample::restricted, |app| app.show(Screen::Runbooks))),
    (
        "language",
        on(sample::on_call, |app| {
            app.show(Screen::Runbooks);
            app.view_mut().library.language = true;
        }),
    ),
    (
        "recovery",
        on(
            || Snapshot { recovery: Arc::new(recovery::board()), ..sample::on_call() },
            |app| {
                app.show(Screen::Recovery);
            },
        ),
    ),
    ("nothing", on(sample::first_start, |app| app.show(Screen::Recovery))),
    ("rehearse", on(rehearse::on_call, |app| app.show(Screen::Rehearse))),
    ("sheet", on(sheet, |app| app.show(Screen::Rehearse))),
    ("entry", on(audit::pictured, |app| audit::turn(app, "entry"))),
    ("chart", on(audit::pictured, |app| audit::turn(app, "chart"))),
    ("integrity", on(audit::pictured, |app| audit::turn(app, "integrity"))),
    ("compare", on(audit::pictured, |app| audit::turn(app, "compare"))),
    ("keeping", on(audit::pictured, |app| audit::turn(app, "keeping"))),
    ("export", on(audit::pictured, |app| audit::turn(app, "export"))),
    ("norecord", on(sample::first_start, |app| app.show(Screen::Audit))),
    ("settings", on(hooks::settings, |app| app.show(Screen::Settings))),
    ("gallery", on(sample::first_start, situation)),
];

/// In the facilitator's own window.
pub const ROOM: [&str; 2] = ["facilitator", "tabletop"];

fn stages() -> Snapshot {
    let chart = Some(situations::chart(Some("oai-prod-eastus"), 240, true));
    situations::on(Situation { chart, ..situations::down() })
}

fn named() -> Snapshot {
    pair::approving(RequestView { typed_name: Some("appcs-prod-chat".into()), ..pair::request(Mode::Rehearsal) })
}

fn stranger() -> Snapshot {
    pair::approving(RequestView {
        known: false,
        refused: Some("The key that signed this request is not known here.".into()),
        ..pair::request(Mode::Live)
    })
}

fn keys() -> Snapshot {
    Snapshot { approvals: Arc::new(pair::approvals(vec![], None)), ..sample::on_call() }
}

fn sheet() -> Snapshot {
    Snapshot { trends: Arc::new(rehearse::trends()), ..sample::closed() }
}

/// One of the windows, as it is drawn.
pub enum Shown {
    App(Box<App>),
    Room(Arc<Room>),
    Gallery(Gallery),
}

impl Shown {
    fn new(ctx: &egui::Context, name: &str, snapshot: Snapshot, turn: impl FnOnce(&mut App), alone: bool) -> Self {
        if name == "gallery" {
            return Self::Gallery(Gallery::new(ctx));
        }
        let (link, sent, keep) = link_of(snapshot);
        std::mem::forget((sent, keep));
        if alone && ROOM.contains(&name) {
            theme::install(ctx);
            return Self::Room(Arc::new(Room::new(link.snapshots, link.send)));
        }
        let mut app = App::new(&eframe::CreationContext::_new_kittest(ctx.clone()), link);
        turn(&mut app);
        Self::App(Box::new(app))
    }

    /// One of the sheets, alone.
    pub fn sheet(ctx: &egui::Context, name: &str, sheet: &Sheet) -> Self {
        Self::new(ctx, name, (sheet.snapshot)(), sheet.turn, true)
    }

    pub fn draw(&mut self, ui: &mut egui::Ui) {
        match self {
            Self::App(app) => app.draw(ui),
            Self::Room(room) => room.draw(ui),
            Self::Gallery(gallery) => gallery.draw(ui),
        }
    }
}

fn window(size: [f32; 2], make: impl FnOnce(&egui::Context) -> Box<dyn eframe::App> + 'static) {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_inner_size(size)
            .with_position([0.0, 0.0])
            .with_decorations(false),
        renderer: eframe::Renderer::Glow,
        event_loop_builder: Some(Box::new(|b| {
            use winit::platform::x11::EventLoopBuilderExtX11;
            b.with_any_thread(true);
        })),
        ..Default::default()
    };
    eframe::run_native("Lifeboat", options, Box::new(move |cc| Ok(make(&cc.egui_ctx)))).unwrap();
}

#[test]
fn open() {
    let Ok(wish) = std::env::var("LIFEBOAT_PICTURES") else { return };
    if let Some(folder) = wish.strip_prefix("all:") {
        return album(Path::new(folder));
    }
    // A folder is a wish to `tests/it/window.rs`.
    if wish.contains(',') {
        one(&wish);
    }
}

fn theme_named(name: &str) -> Theme {
    if name == "light" { Theme::Light } else { Theme::Dark }
}

struct One(Shown);

/// The window is the one that is worked with, whatever the display says: the focus and the caret are to be seen.
fn focused(raw: &mut egui::RawInput) {
    raw.focused = true;
    raw.events.retain(|e| !matches!(e, egui::Event::WindowFocused(_)));
}

impl eframe::App for One {
    fn raw_input_hook(&mut self, _: &egui::Context, raw: &mut egui::RawInput) {
        focused(raw);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        self.0.draw(ui);
    }
}

fn one(wish: &str) {
    let parts: Vec<String> = wish.split(',').map(str::to_owned).collect();
    let number = |n: usize| parts[n].parse::<f32>().unwrap();
    let (width, height, scale) = (number(2), number(3), number(4));
    window([width, height], move |ctx| {
        let (name, theme) = (parts[0].as_str(), theme_named(&parts[1]));
        let shown = match SHEETS.iter().find(|(n, _)| *n == name) {
            Some((_, sheet)) => Shown::new(ctx, name, (sheet.snapshot)(), sheet.turn, false),
            // `F4-8`: that step in the ninth state.
            None => {
                let (step, state) = name.split_once('-').unwrap_or_else(|| panic!("no picture is named {name}"));
                let state = lifeboat::desk::snapshot::StepState::ALL[state.parse::<usize>().unwrap()];
                Shown::new(ctx, name, pair::in_state(step, state), run, false)
            }
        };
        ctx.set_theme(theme);
        ctx.set_pixels_per_point(scale);
        Box::new(One(shown))
    });
}

/// Sizes in pixels, with the scale: the usual window, the least one, and a large display at 200 %.
const SIZES: [(&str, [f32; 2], f32); 3] =
    [("1280x800", [1280.0, 800.0], 1.0), ("960x600", [960.0, 600.0], 1.0), ("200", [1920.0, 1200.0], 2.0)];
/// In these sizes it is the same as `run`; the tests of narrow windows have it.
const FOLDED: &str = "checklist";
/// Frames until a window that has just changed its size stands still.
const SETTLES: u32 = 6;

/// Goes through all of it by itself, one picture after another.
struct Album {
    folder: PathBuf,
    wanted: Vec<(usize, &'static str, usize)>,
    shown: Option<Shown>,
    frames: u32,
    taken: Arc<Mutex<Option<Arc<ColorImage>>>>,
}

fn album(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let only = std::env::var("LIFEBOAT_PICTURES_ONLY").unwrap_or_default();
    let wished = |name: &str| only.is_empty() || only.split(',').any(|n| n == name);
    let sheets = || (0..SHEETS.len()).filter(|i| wished(SHEETS[*i].0) && SHEETS[*i].0 != FOLDED);
    let mut wanted = Vec::new();
    for size in (0..SIZES.len()).rev() {
        for theme in ["light", "dark"] {
            wanted.extend(sheets().map(|sheet| (sheet, theme, size)));
        }
    }
    let folder = folder.to_owned();
    window(SIZES[0].1, move |_| Box::new(Album { folder, wanted, shown: None, frames: 0, taken: Arc::default() }));
}

impl eframe::App for Album {
    fn raw_input_hook(&mut self, _: &egui::Context, raw: &mut egui::RawInput) {
        focused(raw);
        // Nor is anything pointed at.
        raw.events.retain(|e| !matches!(e, egui::Event::PointerMoved(_) | egui::Event::MouseMoved(_)));
        raw.events.push(egui::Event::PointerGone);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let Some((sheet, theme, size)) = self.wanted.last().copied() else {
            return ctx.send_viewport_cmd(ViewportCommand::Close);
        };
        let (name, sheet) = &SHEETS[sheet];
        let (size_name, pixels, scale) = SIZES[size];
        let shown = self.shown.get_or_insert_with(|| {
            let shown = Shown::sheet(&ctx, name, sheet);
            ctx.set_theme(theme_named(theme));
            ctx.set_pixels_per_point(scale);
            ctx.memory_mut(|m| m.data.clear());
            shown
        });
        shown.draw(ui);
        let stands = (ctx.content_rect().size() * scale - vec2(pixels[0], pixels[1])).length() < 1.0;
        if !stands {
            // In points of the scale that is set by now.
            ctx.send_viewport_cmd(ViewportCommand::InnerSize(vec2(pixels[0], pixels[1]) / ctx.pixels_per_point()));
            self.frames = 0;
        }
        self.frames += u32::from(stands);
        let taken = self.taken.lock().unwrap().take();
        if let Some(picture) = taken {
            let file = self.folder.join(format!("{name}-{theme}-{size_name}.png"));
            let [width, height] = picture.size.map(|n| n as u32);
            let bytes: Vec<u8> = picture.pixels.iter().flat_map(|p| [p.r(), p.g(), p.b()]).collect();
            image::RgbImage::from_raw(width, height, bytes).unwrap().save(file).unwrap();
            self.wanted.pop();
            (self.shown, self.frames) = (None, 0);
        } else if self.frames == SETTLES {
            let (taken, woken) = (self.taken.clone(), ctx.clone());
            ctx.request_screenshot(move |picture| {
                *taken.lock().unwrap() = Some(picture);
                woken.request_repaint();
            });
        }
        ctx.request_repaint();
    }
}
