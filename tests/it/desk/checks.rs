//! What is asked of Azure about a plan: drift and rights on its page, readiness that knows of drift, and the rights in the
//! record of a run.

use std::path::Path;
use std::sync::Arc;

use lifeboat::azure::Cloud;
use lifeboat::desk::protocol::Command;
use lifeboat::desk::snapshot::{Severity, Standing};
use lifeboat::desk::{Handle, Home, Options, checks};
use lifeboat::journal::{RealDisk, read_run};
use lifeboat::runbook::model::Strategy;

use crate::cli::runs::{Azure, sandbox_plan};
use crate::crash::{is, until};

fn desk(home: &Path, cloud: &Path) -> Handle {
    let line = std::fs::read_to_string(cloud).unwrap();
    let options = Options {
        home: Home::find(Some(home)).unwrap(),
        disk: Arc::new(RealDisk),
        cloud: Some(Cloud::from_line(line.lines().next().unwrap()).unwrap()),
        watch: None,
        operator: "Ada".to_owned(),
        script: None,
    };
    lifeboat::desk::start(options).unwrap()
}

#[test]
fn both_are_read_when_asked_and_drift_is_kept_for_the_next_time() {
    let dir = tempfile::tempdir().unwrap();
    let (azure, cloud) = Azure::serve(dir.path(), "sandbox");
    let (plan, strategy) = ("sandbox".to_owned(), Strategy::HotCold);
    {
        let desk = desk(dir.path(), &cloud);
        desk.send(Command::PreviewPlan { plan: plan.clone(), strategy: Some(strategy) });
        let s = until(&desk, "the plan", |s| s.library.preview.as_ref().is_some_and(|p| p.plan == "sandbox"));
        let c = &s.library.preview.as_ref().unwrap().checks;
        assert!(c.comparable && c.drift.is_none() && c.rights.is_none(), "nothing is read by looking");
        desk.send(Command::ReadDrift { plan: plan.clone(), strategy });
        desk.send(Command::ReadRights { plan: plan.clone(), strategy });
        let s = until(&desk, "both", |s| {
            s.library.preview.as_ref().is_some_and(|p| p.checks.drift.is_some() && p.checks.rights.is_some())
        });
        let c = &s.library.preview.as_ref().unwrap().checks;
        assert!(!c.reading && !c.asking);
        let d = c.drift.as_deref().unwrap();
        assert!(
            d.differences.iter().any(|x| x.field == "deployment chat" && x.severity == Severity::Informs),
            "{d:#?}"
        );
        assert_ne!(c.rights.as_ref().unwrap().standing(), Standing::Lacks);
        // The same texts in another strategy need no new reading, and are judged anew.
        desk.send(Command::PreviewPlan { plan: plan.clone(), strategy: Some(Strategy::HotHot) });
        let s = until(&desk, "hot/hot", |s| s.library.preview.as_ref().is_some_and(|p| p.strategy == Strategy::HotHot));
        let d = s.library.preview.as_ref().unwrap().checks.drift.clone().unwrap();
        assert!(d.differences.iter().any(|x| x.field == "deployment chat" && x.severity == Severity::Blocks), "{d:#?}");
    }
    // The next morning, without a network.
    drop(azure);
    let kept = checks::kept(&Home::find(Some(dir.path())).unwrap());
    assert_eq!(kept.len(), 1);
    let desk = desk(dir.path(), &cloud);
    desk.send(Command::PreviewPlan { plan: plan.clone(), strategy: Some(strategy) });
    let shows = |s: &lifeboat::desk::snapshot::Snapshot| {
        s.library.preview.as_ref().is_some_and(|p| p.plan == "sandbox" && p.checks.drift.is_some())
    };
    until(&desk, "what was known", shows);
    // What shows nothing does not replace it.
    desk.send(Command::ReadDrift { plan, strategy });
    let s = until(&desk, "the failure", |s| s.notice.is_some());
    assert!(s.notice.as_ref().unwrap().what.starts_with("nothing could be read"), "{:?}", s.notice);
    let s = until(&desk, "an end of reading", |s| s.library.preview.as_ref().is_some_and(|p| !p.checks.reading));
    assert!(shows(&s));
}

#[test]
fn the_rights_go_into_the_record_of_a_run_once_and_onto_its_steps() {
    let dir = tempfile::tempdir().unwrap();
    let (_azure, cloud) = Azure::serve(dir.path(), "sandbox");
    let plan = sandbox_plan(dir.path());
    let rights = |s: &lifeboat::desk::snapshot::Snapshot| s.run.as_ref().is_some_and(|r| r.rights.is_some());
    let id = {
        let desk = desk(dir.path(), &cloud);
        desk.send(Command::StartRun { plan, strategy: None, dry_run: true });
        let s = until(&desk, "rights", rights);
        let run = s.run.as_ref().unwrap();
        assert!(run.cards.iter().any(|c| c.rows.iter().any(|r| r.label == "right")), "steps say it");
        run.id.clone()
    };
    {
        let desk = desk(dir.path(), &cloud);
        desk.send(Command::OpenRun(id.clone()));
        until(&desk, "rights again", rights);
    }
    let records = read_run(&RealDisk, &dir.path().join("runs").join(&id)).unwrap();
    let told: Vec<_> = records.iter().filter(|r| is(r, "note")).collect();
    assert_eq!(told.len(), 1, "once");
    assert!(format!("{:?}", told[0]).contains("Rights of the signed-in identity"), "{:?}", told[0]);
}
