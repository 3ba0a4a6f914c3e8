//! The watch: what is asked for a plan, and how it is set.

use super::sign_in::{Azure as Simulated, at};
use super::*;

use lifeboat::azure::{Azure, Cloud};
use lifeboat::catalog::Catalog;
use lifeboat::clock::Clock;
use lifeboat::desk::protocol::{Adjustment, Amount, Knob, OwnEndpoint, WatchIntent, WatchSettings};
use lifeboat::desk::snapshot::{EndpointRow, Mark, Snapshot};
use lifeboat::desk::watch::{As, Item, List, Question, Subject, on_battery, roads};
use lifeboat::health::{Part, Role};
use lifeboat::runbook::model::Tier;
use lifeboat::units::Region;

const SANDBOX: &str = include_str!("../../../assets/scenarios/sandbox.ron");

fn row<'s>(s: &'s Snapshot, id: &str) -> Option<&'s EndpointRow> {
    s.situation.endpoints.iter().find(|e| e.id == id)
}

fn all_asked(s: &Snapshot) -> bool {
    !s.situation.endpoints.is_empty() && s.situation.endpoints.iter().all(|e| e.at.is_some())
}

#[test]
fn everything_that_a_plan_depends_on_is_asked_at_once_and_said_of() {
    let (place, azure) = (Place::new(), Simulated::of(SANDBOX, Clock::system()));
    let began = std::time::Instant::now();
    let desk = at(&place, Some(azure.cloud()));
    let s = until(&desk, "everything asked", all_asked);
    // A first round that kept to the rhythm would take a whole interval.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    let kinds: Vec<(&str, &str)> = s.situation.endpoints.iter().map(|e| (e.kind, e.region.as_str())).collect();
    for wanted in [
        ("data plane", "East US"),
        ("deployment", "East US"),
        ("control plane", "East US"),
        ("data plane", "West Europe"),
        ("control plane", "West Europe"),
        ("witness", ""),
        ("sign-in", ""),
        ("control plane", ""),
        ("configuration", ""),
    ] {
        assert!(kinds.contains(&wanted), "{wanted:?} of {kinds:?}");
    }
    assert!(kinds.iter().rposition(|k| k.1 == "East US") < kinds.iter().position(|k| k.1 == "West Europe"));
    let front = row(&s, "oai-sandbox-eastus").unwrap();
    assert_eq!((front.mark, front.word.as_str(), front.calls), (Mark::Ok, "answers", (1, 1)), "{front:?}");
    assert!(front.stages.total.is_some() && front.stages.first_byte.is_some(), "{front:?}");
    assert!(front.address.starts_with("oai-sandbox-eastus.openai.azure.com/openai/models"), "{}", front.address);
    assert!(front.facts.iter().any(|f| f.0 == "Address" && f.1.starts_with("127.0.0.1:")), "{:?}", front.facts);
    // Chat and embeddings are different questions; each deployment was asked the one that it takes.
    for name in ["chat", "embed"] {
        let d = row(&s, &format!("{name} at oai-sandbox-eastus")).unwrap();
        assert_eq!(d.word, "answers", "{d:?}");
    }
    // One that was never made in the other region is said to be missing, and says nothing of the region.
    let absent = row(&s, "chat at oai-sandbox-westeurope").unwrap();
    assert_eq!(absent.word, "not found (404)", "{absent:?}");
    let s = until(&desk, "a verdict", |s| s.situation.regions.iter().all(|r| r.mark == Mark::Ok));
    assert_eq!(s.situation.mark, Some(Mark::Ok), "{}", s.situation.headline);
    let s = until(&desk, "what Azure says", |s| s.situation.notices_read.is_some());
    assert!(
        s.situation.posted.iter().any(|p| p.source == "Resource Health" && p.region == "East US"),
        "{:?}",
        s.situation.posted
    );
    assert!(s.situation.regions.iter().all(|r| r.control.as_ref().is_some_and(|c| c.0 == Mark::Ok)));
    assert!(s.situation.gaps.is_empty());
}

#[test]
fn the_watch_is_set_while_it_goes_on_and_what_stays_keeps_its_history() {
    let (place, azure) = (Place::new(), Simulated::of(SANDBOX, Clock::system()));
    let desk = at(&place, Some(azure.cloud()));
    until(&desk, "everything asked", all_asked);
    let set = |s: WatchSettings| assert!(desk.send(Command::Watch(WatchIntent::Set(Box::new(s)))));
    let own = |name: &str, url: String| OwnEndpoint { name: name.to_owned(), url, region: String::new() };
    // What cannot be is refused, and changes nothing.
    set(WatchSettings { witnesses: vec!["dns.google".to_owned()], ..WatchSettings::default() });
    let s = until(&desk, "refused", |s| s.notice.is_some());
    assert!(s.notice.as_ref().unwrap().what.contains("at least 2 hosts of different companies"), "{:?}", s.notice);
    assert!(!place.home().join("watch.json").exists());

    // The simulated Azure plays this host: an address of one's own that a rehearsal may ask.
    let endpoints = vec![own("store", "https://appcs-sandbox.azconfig.io/".to_owned())];
    set(WatchSettings { endpoints, keep_mib: 32, ..WatchSettings::default() });
    let s = until(&desk, "the new one asked", |s| row(s, "store").is_some_and(|r| r.at.is_some()));
    assert_eq!(row(&s, "store").unwrap().kind, "own");
    assert!(row(&s, "oai-sandbox-eastus").unwrap().calls.1 >= 1, "its history is kept");
    assert_eq!(s.settings.watch.keep_mib, 32);
    assert!(s.notice.is_none());
    desk.send(Command::Watch(WatchIntent::Pin("store".to_owned(), true)));
    until(&desk, "pinned", |s| row(s, "store").is_some_and(|r| r.pinned));
    drop(desk);

    let desk = at(&place, Some(azure.cloud()));
    let s = until(&desk, "as it was set", |s| row(s, "store").is_some_and(|r| r.pinned));
    assert_eq!(s.settings.watch.endpoints.len(), 1);
    drop(desk);

    // A file that cannot be used is left as it is, and the defaults hold.
    let file = place.home().join("watch.json");
    for (text, said) in [
        ("{ not json", "watch.json is not used"),
        (r#"{"schema": 1, "witness": []}"#, "unknown field"),
        (r#"{"schema": 7}"#, "7 is not known"),
        (r#"{"endpoints": [{"name": "x", "url": "http://example.org"}]}"#, "is not encrypted"),
    ] {
        fs::write(&file, text).unwrap();
        let desk = at(&place, Some(azure.cloud()));
        let s = until(&desk, "what is wrong with the file", |s| s.notice.is_some());
        let notice = s.notice.as_ref().unwrap();
        assert!(notice.what.contains(said) && notice.what.contains("watch.json"), "{text}: {notice:?}");
        assert_eq!(*s.settings.watch, WatchSettings::default());
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        until(&desk, "watching all the same", all_asked);
    }
}

#[test]
fn other_thresholds_keep_what_was_seen_and_a_sealed_run_is_watched_no_more() {
    let (place, azure) = (Place::new(), Simulated::of(SANDBOX, Clock::system()));
    let desk = at(&place, Some(azure.cloud()));
    until(&desk, "everything asked", all_asked);
    // Spread over two seconds, so that a first question has not come again when the settings hold.
    let slow = |ms: u64| {
        let of = Adjustment([(Knob::Slow, Amount(ms))].into());
        let tiers = [Tier::T1, Tier::T2, Tier::T3].map(|t| (t, of.clone())).into();
        WatchSettings { tiers, ..WatchSettings::default() }
    };
    let set = |s: &WatchSettings| assert!(desk.send(Command::Watch(WatchIntent::Set(Box::new(s.clone())))));
    let holds = |s: &Snapshot, wanted: &WatchSettings| *s.settings.watch == *wanted;
    let wanted = slow(3_000);
    set(&wanted);
    let s = until(&desk, "other thresholds", |s| s.notice.is_some() || holds(s, &wanted));
    assert!(all_asked(&s) && s.situation.endpoints.iter().all(|e| e.calls.1 >= 1), "{:?}", s.notice);

    desk.send(Command::StartRun { plan: "sandbox".into(), strategy: None, dry_run: true });
    until(&desk, "the run", |s| s.run.is_some());
    desk.send(Command::Abort("enough".to_owned()));
    let s = until(&desk, "the end", |s| s.run.as_ref().is_some_and(|r| r.closed.is_some()));
    let asked = |s: &Snapshot| s.situation.endpoints.iter().map(|e| e.at).max();
    let wanted = slow(4_000);
    set(&wanted);
    until(&desk, "set once more", |s| holds(s, &wanted));
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(asked(&desk.snapshot()), asked(&s), "its record is closed");
    // With the next watch everything is asked again.
    desk.send(Command::LeaveRun);
    until(&desk, "on call again", |n| n.run.is_none() && asked(n) > asked(&s));
}

fn listed(plan: &str, cloud: &str, settings: &WatchSettings) -> (Azure, List) {
    let plan = Catalog::builtin().plan(plan, None).unwrap();
    let azure = Azure::new(Cloud::named(cloud).unwrap()).unwrap();
    let list = List::of(&plan, settings, None, &azure).unwrap();
    (azure, list)
}

#[test]
fn in_every_cloud_a_plan_is_watched_at_that_clouds_hosts_and_tokens_stay_with_them() {
    for (cloud, vault, storage, registry, scoring) in [
        ("AzureCloud", "vault.azure.net", "core.windows.net", "azurecr.io", "inference.ml.azure.com"),
        (
            "AzureUSGovernment",
            "vault.usgovcloudapi.net",
            "core.usgovcloudapi.net",
            "azurecr.us",
            "inference.ml.azure.us",
        ),
        ("AzureChinaCloud", "vault.azure.cn", "core.chinacloudapi.cn", "azurecr.cn", "inference.ml.azure.cn"),
    ] {
        let (azure, list) = listed("ml-prod", cloud, &WatchSettings::default());
        let find = |id: &str| list.items.iter().find(|i| i.id.0 == id).unwrap_or_else(|| panic!("{id} in {cloud}"));
        let (eastus, sweden) = (Region::new("eastus"), Region::new("swedencentral"));
        let needs = |r: &Region| Subject::Service(r.clone(), Part::Dependency);
        for (id, host, subject) in [
            ("kv-ml-eastus", format!("kv-ml-eastus.{vault}"), needs(&eastus)),
            ("kv-ml-swedencentral", format!("kv-ml-swedencentral.{vault}"), needs(&sweden)),
            ("stmlwswedencentral", format!("stmlwswedencentral.blob.{storage}"), needs(&sweden)),
            // On neither side by its name: it speaks for no region until the inventory says where it is.
            ("stdatacontoso", format!("stdatacontoso.blob.{storage}"), Subject::Nowhere),
            ("acrcontoso", format!("acrcontoso.{registry}"), Subject::Nowhere),
            ("scoring", format!("scoring.eastus.{scoring}"), needs(&eastus)),
            ("ml.contoso.com", "ml.contoso.com".to_owned(), Subject::Nowhere),
        ] {
            let item = find(id);
            assert_eq!(item.public.host_str(), Some(host.as_str()), "{cloud}");
            assert_eq!((&item.subject, item.asker), (&subject, As::Nobody), "{id} in {cloud}");
        }
        // A credential goes to hosts of this cloud alone.
        for item in list.items.iter().filter(|i| i.asker == As::Identity) {
            assert!(azure.cloud().resolve(&item.public).is_ok(), "{} in {cloud}", item.public);
        }
        let mut ids: Vec<&str> = list.items.iter().map(|i| i.id.0.as_str()).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|w| w[0] != w[1]), "{ids:?}");
    }
}

#[test]
fn settings_say_how_often_and_an_address_of_ones_own_may_speak_for_a_region() {
    let own = |name: &str, url: &str, region: &str| OwnEndpoint {
        name: name.to_owned(),
        url: url.to_owned(),
        region: region.to_owned(),
    };
    let mut settings = WatchSettings {
        endpoints: vec![
            own("shop", "https://shop.example.org/", ""),
            own("shop of the west", "https://west.example.org/", "westus"),
            own("shop of the east", "https://east.example.org/", "eastus"),
        ],
        ..WatchSettings::default()
    };
    let (_, list) = listed("prod-chat", "AzureCloud", &settings);
    assert!(!list.items.iter().any(|i| i.question == Question::Model), "calls of models cost, and are off by default");
    let roles: Vec<(&str, Role)> = list.regions.iter().map(|r| (r.0.name(), r.1)).collect();
    assert_eq!(
        roles,
        [("eastus", Role::Primary), ("swedencentral", Role::Secondary), ("westus", Role::Watched)],
        "a region that no side lies in is looked at"
    );
    settings.model_calls = true;
    let (_, list) = listed("prod-chat", "AzureCloud", &settings);
    let models: Vec<&Item> = list.items.iter().filter(|i| i.question == Question::Model).collect();
    assert_eq!(models.len(), 6, "three deployments on two sides");
    for item in &list.items {
        // Every rule that counts calls can be met by the calls that there are, and a silence is over before it is stale.
        let t = item.thresholds(list.thresholds);
        assert!(t.window.0 / t.interval.0 >= t.window_calls as u64, "{}: {t:?}", item.id);
        assert!(
            t.persistent_after.is_none_or(|n| n > t.suspect_after && u64::from(n) * t.interval.0 <= 300_000),
            "{t:?}"
        );
        for calm in [false, true] {
            let r = item.rhythm(calm);
            assert!(r.patience <= r.every && r.every.0 <= 60_000, "{r:?}");
        }
    }
    // Past a proxy the regions' own addresses are asked as well, and nothing else is.
    let roads = list.clone().with_roads(|_| true);
    let past: Vec<&Item> = roads.items.iter().filter(|i| matches!(i.subject, Subject::Past(..))).collect();
    assert_eq!(past.len(), 4, "two sides, two own addresses: {past:?}");
    assert_eq!(list.clone().with_roads(|_| false).items, list.items);
}

#[test]
fn another_network_is_seen_without_a_word_sent() {
    let own = |script: &str| {
        let mut c = std::process::Command::new("unshare");
        c.args(["--net", "sh", "-c", script]).arg(std::env::current_exe().unwrap());
        c
    };
    const SET: &str = "ip link set lo up && ip addr add 10.1.0.2/32 dev lo && ip route add default dev lo src 10.1.0.2";
    if !own(SET).output().is_ok_and(|o| o.status.success()) {
        crate::left_out("a change of networks: no network namespace may be made here");
        return;
    }
    let out = own(&format!("{SET} && exec \"$0\" --ignored --exact desk::watch::inside_a_namespace")).output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "run by the test before it, in a namespace of its own"]
fn inside_a_namespace() {
    let ip = |args: &str| assert!(std::process::Command::new("ip").args(args.split(' ')).status().unwrap().success());
    let first = roads();
    assert_eq!(first.v4, Some([10, 1, 0, 2]));
    assert_eq!(first.changed(roads()), None);
    ip("addr add 10.2.0.2/32 dev lo");
    ip("route replace default dev lo src 10.2.0.2");
    assert_eq!(first.changed(roads()), Some("another network"));
    ip("route del default");
    assert_eq!(first.changed(roads()), Some("the network is gone"));
}

#[test]
fn a_computer_is_on_battery_when_nothing_feeds_it() {
    let dir = tempfile::tempdir().unwrap();
    let supply = |name: &str, files: &[(&str, &str)]| {
        std::fs::create_dir_all(dir.path().join(name)).unwrap();
        for (file, text) in files {
            std::fs::write(dir.path().join(name).join(file), format!("{text}\n")).unwrap();
        }
    };
    assert!(!on_battery(&dir.path().join("none")), "another system");
    assert!(!on_battery(dir.path()), "a computer without one");
    supply("hid-0", &[("type", "Battery"), ("scope", "Device"), ("status", "Discharging")]);
    assert!(!on_battery(dir.path()), "a mouse");
    supply("BAT0", &[("type", "Battery"), ("status", "Discharging")]);
    assert!(on_battery(dir.path()));
    supply("AC", &[("type", "Mains"), ("online", "1")]);
    assert!(!on_battery(dir.path()), "a weak charger feeds it all the same");
    supply("AC", &[("online", "0")]);
    supply("ucsi", &[("type", "USB"), ("online", "0")]);
    supply("BAT0", &[("status", "Full")]);
    assert!(on_battery(dir.path()), "just unplugged");
    supply("ucsi", &[("online", "1")]);
    assert!(!on_battery(dir.path()));
}
