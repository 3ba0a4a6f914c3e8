//! Real windows to look at: `LIFEBOAT_PICTURES=screen,theme,width,height,scale` opens one on the display there is and
//! leaves it open until it is closed. Without the variable this does nothing.

use eframe::egui;
use lifeboat::desk::snapshot::{Mode, RequestView, Snapshot};
use lifeboat::ui::App;
use lifeboat::ui::view::{Column, Screen};

use super::{audit, facilitator, hooks, link_of, pair, rehearse, sample, situations};

#[test]
fn open() {
    // A folder is a wish to `tests/it/window.rs`.
    let Some(wish) = std::env::var("LIFEBOAT_PICTURES").ok().filter(|w| w.contains(',')) else { return };
    let mut parts = wish.split(',');
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let (screen, theme) = (next(), next());
    let mut number = || next().parse::<f32>().unwrap();
    let (width, height, scale) = (number(), number(), number());
    let snapshot: Snapshot = match screen.as_str() {
        "start" => sample::first_start(),
        "closed" => sample::closed(),
        "waiting" => pair::waiting(),
        "full" | "papers" | "commander" => pair::full(),
        "refused" => pair::refused(),
        "taking" => pair::taking_back(),
        "handed" => pair::handed_over(),
        "long" => pair::long(),
        "approve" => pair::approving(pair::request(Mode::Live)),
        "named" => pair::approving(RequestView {
            typed_name: Some("appcs-prod-chat".into()),
            known: false,
            refused: Some("The key that signed this request is not known here.".into()),
            ..pair::request(Mode::Rehearsal)
        }),
        "answered" => pair::answered(),
        "keys" => Snapshot { approvals: std::sync::Arc::new(pair::approvals(vec![], None)), ..sample::on_call() },
        // `F4-8`: that step in the ninth state.
        wish if wish.contains('-') => {
            let (step, state) = wish.split_once('-').unwrap();
            pair::in_state(step, pair::STATES[state.parse::<usize>().unwrap()])
        }
        "failed" => sample::at("F2"),
        "decide" => sample::at("D4"),
        "live" => sample::live(),
        "restricted" => sample::restricted(),
        "fine" => situations::on(situations::fine()),
        "down" => situations::on(situations::down()),
        "stages" => {
            let chart = Some(situations::chart(Some("oai-prod-eastus"), 240, true));
            situations::on(lifeboat::desk::snapshot::Situation { chart, ..situations::down() })
        }
        "blind" => situations::on(situations::blind()),
        "entra" => situations::on(situations::entra_down()),
        "unknown" => situations::on(situations::unknown()),
        "many" => situations::on(situations::large(24, 200)),
        "crowd" => situations::on(situations::large(60, 1_000)),
        "rehearse" => rehearse::on_call(),
        "sheet" => Snapshot { trends: std::sync::Arc::new(rehearse::trends()), ..sample::closed() },
        "facilitator" => facilitator::led(),
        "tabletop" => facilitator::tabletop(),
        "settings" => hooks::settings(),
        "entry" | "integrity" | "compare" | "keeping" | "export" => audit::pictured(),
        "situation" | "runbooks" => sample::on_call(),
        _ => sample::snapshot(),
    };
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_inner_size([width, height])
            .with_position([0.0, 0.0])
            .with_decorations(false),
        renderer: eframe::Renderer::Glow,
        event_loop_builder: Some(Box::new(|b| {
            use winit::platform::x11::EventLoopBuilderExtX11;
            b.with_any_thread(true);
        })),
        ..Default::default()
    };
    let made = eframe::run_native(
        "Lifeboat",
        options,
        Box::new(move |cc| {
            let (link, sent, keep) = link_of(snapshot);
            let mut app = App::new(cc, link);
            cc.egui_ctx.set_theme(if theme == "light" { egui::Theme::Light } else { egui::Theme::Dark });
            cc.egui_ctx.set_pixels_per_point(scale);
            let shown = Screen::ALL.into_iter().find(|s| s.name().eq_ignore_ascii_case(&screen));
            let mornings =
                ["start", "situation", "fine", "down", "blind", "entra", "unknown", "many", "crowd", "stages"];
            let started = mornings.contains(&screen.as_str());
            let shown = shown.or((screen == "restricted").then_some(Screen::Runbooks));
            let shown = shown.or((screen == "sheet").then_some(Screen::Rehearse));
            let approves = ["named", "answered", "keys"].contains(&screen.as_str());
            let shown = shown.or(approves.then_some(Screen::Approve));
            app.show(shown.unwrap_or(if started { Screen::Situation } else { Screen::Run }));
            audit::turn(&mut app, &screen);
            if screen == "timeline" {
                app.view_mut().column = Column::Timeline;
            }
            app.view_mut().help = screen == "help";
            std::mem::forget((sent, keep));
            Ok(Box::new(app))
        }),
    );
    made.unwrap();
}
