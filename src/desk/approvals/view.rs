//! Both sides' picture.

use crate::approval::{Asks, Here, Request, Sent, Signed, judge, risk, undo};
use crate::health::sighting::Colleague;
use crate::units::visible;

use super::super::anchors::witness::{LABEL, Look};
use super::super::scripted::approvers;
use super::super::snapshot::{Approvals, AskedView, CardRow, ChangeView, RequestView, RosterRow};
use super::super::supervisor::Desk;
use super::Pending;
use super::asking::open_question;

impl Desk {
    /// Both sides' picture.
    pub(in super::super) fn approvals_view(&self) -> Approvals {
        let a = &self.approving;
        let row = |name: &str, key: &crate::units::PublicKey, own| RosterRow {
            name: visible(name),
            key: key.fingerprint(),
            whole: key.to_string(),
            own,
        };
        let mut roster: Vec<RosterRow> = a.roster.colleagues.iter().map(|c| row(&c.name, &c.key, false)).collect();
        roster.extend(a.my_key().map(|key| row(&self.operator, key, true)));
        Approvals {
            asked: self.asked_view(),
            request: a.shown.as_ref().map(|s| s.view.clone()),
            roster,
            mine: a.mine.as_ref().map(|m| m.1.clone()),
            cannot_sign: a.cannot_sign.clone(),
        }
    }

    /// What is asked. Whom a script stands in for, the one who was asked first, can be away: then somebody else is asked.
    fn asked_view(&self) -> Vec<AskedView> {
        let Some(o) = self.open.as_deref() else { return Vec::new() };
        let run = &o.session.run;
        let open = run.steps.iter().filter_map(|s| Some((s, open_question(run, &s.id)?)));
        let key = |c: &Colleague| crate::run::approval::carries_out(run, &c.key.to_string());
        let colleagues =
            || self.approving.roster.colleagues.iter().filter(|c| !key(c)).map(|c| visible(&c.name)).collect();
        let named = || approvers(o).into_iter().map(visible).collect();
        open.map(|(s, asked)| {
            let q = self.approving.asked.get(&asked.nonce);
            AskedView {
                step: s.id.clone(),
                nonce: asked.nonce.clone(),
                what: asked.what.clone(),
                block: q.map(|q| q.block.clone()).unwrap_or_default(),
                pictures: q.map(|q| q.pictures.clone()).unwrap_or_default(),
                challenge: q.map(|q| q.challenge.clone()).unwrap_or_default(),
                until: asked.until,
                approvers: if asked.nonce.is_empty() { named() } else { colleagues() },
            }
        })
        .collect()
    }
}

/// With what this device would say of the checkpoint in the request.
pub(super) fn beside(mut view: RequestView, look: Option<Look>) -> RequestView {
    let row = |l: Look| CardRow { label: LABEL, ok: Some(l.fits), text: visible(&l.text) };
    view.rows.extend(look.map(row));
    view
}

/// A colleague's request, as whoever is asked sees it.
pub(super) fn request(what: &Pending, here: &Here<'_>) -> RequestView {
    match what {
        Pending::Whole(signed) => whole(signed, here),
        Pending::Phone(challenge, plan, from) => {
            let step = challenge.step(plan);
            let row = |label, text: String| CardRow { label, ok: None, text: visible(&text) };
            let mut rows = vec![row("asked", challenge.about().words().to_owned())];
            if let Some(s) = step {
                rows.push(row("target", s.target.clone()));
                rows.push(row(
                    "may lose",
                    s.may_lose.clone().unwrap_or_else(|| "nothing is expected to be lost".to_owned()),
                ));
                rows.push(row("risk", risk(s.risk).to_owned()));
                rows.push(row("undo", undo(s)));
                rows.extend(s.by_hand.iter().map(|line| row("by hand", line.clone())));
            }
            rows.push(row("plan digest", plan.digest.clone()));
            rows.push(CardRow {
                label: "not shown",
                ok: Some(false),
                text: "What was read from Azure just now, the words of a decision, guards, and until when: the phone does not \
                       carry them. Ask for them aloud, or for the request as text."
                    .to_owned(),
            });
            RequestView {
                id: what.id(),
                from: visible(&from.name),
                known: true,
                run: String::new(),
                plan: visible(&format!("{} · {}", plan.title, plan.environment)),
                mode: challenge.mode(),
                step: step.map_or_else(String::new, |s| visible(&format!("{} · {}", s.id, s.title))),
                changes: Vec::new(),
                words: Vec::new(),
                rows,
                typed_name: step.and_then(|s| s.typed_name()).map(str::to_owned),
                until: None,
                refused: None,
                verdict: None,
                answer: None,
                code: None,
            }
        }
    }
}

fn whole(signed: &Signed<Request>, here: &Here<'_>) -> RequestView {
    let r = signed.what();
    let known = here.named(&r.key).map(|c| c.name.clone());
    let mut rows = vec![CardRow { label: "asked", ok: None, text: r.headline().to_owned() }];
    rows.extend(r.rows().into_iter().map(|(label, ok, text)| CardRow { label, ok, text: visible(&text) }));
    let field = |f: &crate::run::event::FieldChange| {
        let seen = |v: &Option<String>| v.as_deref().map(visible);
        (visible(&f.name), seen(&f.before), seen(&f.after))
    };
    let change = |c: &Sent| ChangeView {
        what: visible(&c.what),
        fields: c.fields.iter().map(field).collect(),
        state: String::new(),
    };
    RequestView {
        id: signed.hash(),
        from: visible(known.as_deref().unwrap_or(&r.from)),
        known: known.is_some(),
        run: crate::desk::view::run::short(&r.run),
        plan: visible(&format!("{} · {}", r.plan.title, r.plan.environment)),
        mode: r.mode,
        step: visible(&format!("{} · {}", r.step.id, r.step.title)),
        changes: r.asks.changes().iter().map(change).collect(),
        words: match &r.asks {
            Asks::Words(words) => words.iter().map(|w| visible(w)).collect(),
            _ => Vec::new(),
        },
        rows,
        typed_name: r.typed_name.clone(),
        until: Some(r.until).filter(|_| !r.scenario),
        refused: judge(r, here).err().map(|e| e.to_string()),
        verdict: None,
        answer: None,
        code: None,
    }
}
