//! From the start of the program to the first painted pixels on the screen, beside a plain eframe window with the same
//! options, in turns, on a virtual display. Wanted: at most 1.3 times the plain one.
//!
//! Looked at from outside, so the program needs no hook for it: the screen is black until a window has painted itself.
#![allow(clippy::unwrap_used, missing_docs)]

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("left out: the first frame is looked at through X11");
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use eframe::egui;
    use x11rb::connection::Connection;
    use x11rb::protocol::xproto::{ConnectionExt, ImageFormat};
    use x11rb::rust_connection::RustConnection;

    /// Tells this program to be the plain window.
    const PLAIN: &str = "plain-window";
    const ROUNDS: usize = 11;
    const WANTED: f64 = 1.3;
    const PATIENCE: Duration = Duration::from_secs(60);
    /// The screen's width; a row of it is looked at.
    const WIDTH: u16 = 1280;

    struct Ended(Child);
    impl Drop for Ended {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    pub fn main() {
        if std::env::args().any(|a| a == PLAIN) {
            return plain();
        }
        let spawned = Command::new("Xvfb")
            .args(["-displayfd", "1", "-br", "-screen", "0", "1280x800x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(server) = spawned else { return println!("left out: Xvfb is missing") };
        let mut server = Ended(server);
        let mut number = String::new();
        BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let display = format!(":{}", number.trim());
        let (x, screen) = x11rb::connect(Some(&display)).unwrap();
        let root = x.setup().roots[screen].root;

        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        // The first round only warms the disk's cache.
        for round in 0..=ROUNDS {
            let home = tempfile::tempdir().unwrap();
            let mut lifeboat = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
            let a = first_pixels(&x, root, &display, lifeboat.env("LIFEBOAT_HOME", home.path()));
            let b = first_pixels(&x, root, &display, Command::new(std::env::current_exe().unwrap()).arg(PLAIN));
            if round > 0 {
                ours.push(a);
                plain.push(b);
            }
        }
        let (a, b) = (median(&mut ours), median(&mut plain));
        let ratio = a.as_secs_f64() / b.as_secs_f64();
        println!("first painted pixels, median of {ROUNDS}: lifeboat {a:.1?}, plain eframe window {b:.1?}");
        println!("ratio {ratio:.2}, wanted at most {WANTED} ({})", if ratio <= WANTED { "met" } else { "MISSED" });
    }

    fn median(times: &mut [Duration]) -> Duration {
        times.sort();
        times[times.len() / 2]
    }

    /// Starts it, waits for its pixels, ends it, waits for the black screen.
    fn first_pixels(x: &RustConnection, root: u32, display: &str, command: &mut Command) -> Duration {
        command.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY").stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let program = Ended(command.spawn().unwrap());
        while black(x, root) {
            assert!(began.elapsed() < PATIENCE, "{command:?} paints nothing");
            std::thread::sleep(Duration::from_millis(1));
        }
        let took = began.elapsed();
        drop(program);
        let end = Instant::now();
        while !black(x, root) {
            assert!(end.elapsed() < PATIENCE, "{command:?} does not go away");
            std::thread::sleep(Duration::from_millis(5));
        }
        took
    }

    /// Nothing is painted in the row through the middle of the screen.
    fn black(x: &RustConnection, root: u32) -> bool {
        let image = x.get_image(ImageFormat::Z_PIXMAP, root, 0, 400, WIDTH, 1, !0).unwrap().reply().unwrap();
        // Blue, green, red, and a byte without meaning.
        image.data.chunks(4).all(|p| p.iter().take(3).all(|v| *v == 0))
    }

    /// The plain window: the same size, the same renderer, one word.
    fn plain() {
        let options = eframe::NativeOptions {
            viewport: egui::ViewportBuilder::default().with_title("plain").with_inner_size([1280.0, 800.0]),
            renderer: eframe::Renderer::Glow,
            ..Default::default()
        };
        let made = eframe::run_ui_native("plain", options, |ui, _| {
            ui.painter().rect_filled(ui.max_rect(), 0.0, egui::Color32::from_gray(27));
            ui.label("plain");
        });
        made.unwrap();
    }
}
