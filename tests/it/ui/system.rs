//! The desktop's word on dark and light, on a message bus of its own.

use std::sync::Mutex;
use std::time::Instant;

use eframe::egui::{Context, Theme};
use lifeboat::ui::system::System;
use zbus::zvariant::{OwnedValue, Value};

use crate::secrets::service::Person;

/// Tells a child of this test that it is on a bus of its own.
const CHILD: &str = "LIFEBOAT_TEST_LOOK";
const PATH: &str = "/org/freedesktop/portal/desktop";

#[test]
fn the_window_is_dark_or_light_as_the_desktop_says_from_the_first_frame_on() {
    let Some(ada) = Person::new() else { return };
    let said = ada.with_nobody("", &format!("{CHILD}=1 $ME --exact ui::system::when_this_is_a_child --nocapture"));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("on the bus: followed"), "{}", said.out);
}

/// A desktop's settings, which holds one of them.
struct Settings(Mutex<u32>);

#[zbus::interface(name = "org.freedesktop.portal.Settings")]
impl Settings {
    fn read(&self, group: String, key: String) -> OwnedValue {
        assert_eq!((group.as_str(), key.as_str()), ("org.freedesktop.appearance", "color-scheme"));
        let inner = Value::from(*self.0.lock().unwrap());
        OwnedValue::try_from(Value::Value(Box::new(inner))).unwrap()
    }
}

#[test]
fn when_this_is_a_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let look = || {
        let ctx = Context::default();
        System::ask().follow(&ctx);
        ctx
    };
    let began = Instant::now();
    assert_eq!(look().theme(), Theme::Dark, "a desktop that says nothing");
    assert!(began.elapsed().as_secs() < 5, "nothing waits for it");

    let bus = zbus::blocking::connection::Builder::session().unwrap();
    let bus = bus.serve_at(PATH, Settings(Mutex::new(2))).unwrap();
    let bus = bus.name("org.freedesktop.portal.Desktop").unwrap().build().unwrap();
    let ctx = look();
    let until = |theme| {
        let end = Instant::now() + crate::PATIENCE;
        while ctx.theme() != theme && Instant::now() < end {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert_eq!(ctx.theme(), theme);
    };
    // A busy computer may be late for the first frame, and never for good.
    until(Theme::Light);
    let change = |group: &str, value: u32| {
        let told = (group, "color-scheme", Value::from(value));
        bus.emit_signal(None::<&str>, PATH, "org.freedesktop.portal.Settings", "SettingChanged", &told).unwrap();
    };
    change("org.freedesktop.appearance", 1);
    until(Theme::Dark);
    change("org.gnome.desktop.interface", 2);
    change("org.freedesktop.appearance", 2);
    until(Theme::Light);
    change("org.freedesktop.appearance", 0);
    until(Theme::Dark);
    println!("on the bus: followed");
}
