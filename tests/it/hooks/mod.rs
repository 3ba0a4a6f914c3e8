//! Messages to people outside: what each service is sent, what a listener can do to the sender, and what a run makes of it.

mod desk;
mod listener;
mod render;
mod sending;

use lifeboat::notify::hook::{Address, Hook, HookKind, Message, Mode, Moment};
use lifeboat::units::Secret;

/// What nobody could guess of every address here.
const TOKEN: &str = "T0kenThatNobodyMaySee";
const KEY: &str = "0123456789abcdef0123456789ABCDEF";

fn hook(kind: HookKind) -> Hook {
    Hook { name: "War room".to_owned(), kind, moments: Moment::ALL.to_vec(), ..Hook::default() }
}

fn message(moment: Option<Moment>, what: &str) -> Message {
    Message {
        moment,
        id: "01hz-7f3a/x-7".to_owned(),
        plan: "Production chat".to_owned(),
        what: what.to_owned(),
        run_id: "01hz-7f3a".to_owned(),
        run: "7F3A".to_owned(),
        mode: Mode::Live,
        left: Some(18 * 60_000 + 900),
        at: 1_795_000_000_000,
    }
}

fn address(kind: HookKind, text: &str) -> Address {
    Address::of(kind, &Secret::new(text)).unwrap()
}

fn usual(kind: HookKind) -> Address {
    match kind {
        HookKind::PagerDuty => address(kind, KEY),
        _ => address(kind, &format!("https://hooks.example/services/{TOKEN}?sig={TOKEN}")),
    }
}
