//! The rehearsal's clock: it jumps only when all work waits, and it loses nobody's wake-up.

use std::time::{Duration, Instant};

use lifeboat::clock::{Clock, Elapsed, Speed};
use lifeboat::units::Millis;
use tokio::sync::{mpsc, oneshot};

const HOUR: Millis = Millis::from_mins(60);
/// Real time in which a test must be over; a lost wake-up would wait for ever.
const PATIENCE: Duration = crate::PATIENCE;

fn at(speed: Speed) -> Clock {
    Clock::scenario(1_790_000_000_000, Millis(0), speed)
}

async fn soon<F: Future>(f: F) -> F::Output {
    tokio::time::timeout(PATIENCE, f).await.expect("a wake-up was lost")
}

async fn real(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

#[test]
fn a_clock_that_a_file_sets_to_the_end_of_time_stands_there() {
    for (epoch, mono) in [(i64::MAX - 1, 5), (1_790_000_000_000, u64::MAX), (i64::MAX, u64::MAX)] {
        let clock = Clock::scenario(epoch, Millis(mono), Speed::Times(1_000));
        std::thread::sleep(Duration::from_millis(2));
        let now = clock.now();
        assert!(now.utc >= epoch && now.mono >= mono, "{epoch} {mono}: {now:?}");
    }
}

#[tokio::test]
async fn an_hour_costs_nothing_when_everybody_waits() {
    let clock = at(Speed::Max);
    let begun = Instant::now();
    let task = clock.task();
    soon(task.sleep(HOUR)).await;
    assert_eq!(clock.now().mono, HOUR.0);
    assert_eq!(clock.now().utc, 1_790_000_000_000 + 3_600_000);
    soon(task.sleep(Millis(0))).await;
    assert_eq!(clock.now().mono, HOUR.0);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn time_stands_still_while_anyone_is_busy() {
    let clock = at(Speed::Max);
    let (busy, sleeper) = (clock.task(), clock.task());
    let sleeping = tokio::spawn(async move { sleeper.sleep(HOUR).await });
    real(60).await;
    assert_eq!((clock.now().mono, sleeping.is_finished()), (0, false));
    // Waiting for a message lets time pass; the one who sends it is the sleeper.
    let (tx, rx) = oneshot::channel();
    let other = clock.task();
    tokio::spawn(async move {
        other.sleep(Millis(10)).await;
        // The message keeps the clock still until it is read.
        let _ = tx.send((other.now().mono, other));
    });
    let (sent, message) = soon(busy.wait(rx)).await.unwrap();
    drop(message);
    assert_eq!(sent, 10);
    real(20).await;
    assert_eq!(clock.now().mono, 10, "the receiver is busy again");
    drop(busy);
    soon(sleeping).await.unwrap();
    assert_eq!(clock.now().mono, HOUR.0);
}

#[tokio::test]
async fn timers_fire_in_order_and_one_by_one() {
    let clock = at(Speed::Max);
    let hold = clock.task();
    let (tx, mut rx) = mpsc::unbounded_channel();
    for ms in [30, 10, 20, 10] {
        let (task, tx) = (clock.task(), tx.clone());
        tokio::spawn(async move {
            task.sleep(Millis(ms)).await;
            let _ = tx.send((ms, task.now().mono));
        });
    }
    drop((hold, tx));
    let mut seen = Vec::new();
    while let Some(x) = soon(rx.recv()).await {
        seen.push(x);
    }
    assert_eq!(seen, [(10, 10), (10, 10), (20, 20), (30, 30)]);
}

/// A server on another task; what it does with a request's number is its business.
async fn ask<F, Fut>(clock: &Clock, deadline: Millis, serve: F) -> Result<u8, Elapsed>
where
    F: FnOnce(Clock, u64) -> Fut + Send + 'static,
    Fut: Future<Output = u8> + Send + 'static,
{
    let (task, server) = (clock.task(), clock.clone());
    let asked = task.request(deadline, |id| {
        let answer = tokio::spawn(serve(server, id));
        async move { answer.await.unwrap() }
    });
    soon(asked).await
}

#[tokio::test]
async fn a_server_that_waits_lets_time_pass() {
    let clock = at(Speed::Max);
    let slow = |c: Clock, id| async move {
        c.serve_sleep(id, Millis::from_secs(5)).await;
        7
    };
    assert_eq!(ask(&clock, Millis::from_secs(10), slow).await, Ok(7));
    assert_eq!(clock.now().mono, 5_000);
}

#[tokio::test]
async fn a_silent_server_costs_scenario_time_only() {
    let clock = at(Speed::Max);
    let begun = Instant::now();
    let silent = |c: Clock, id| async move {
        c.serve_sleep(id, HOUR).await;
        7
    };
    let deadline = Millis::from_secs(10);
    assert_eq!(ask(&clock, deadline, silent).await, Err(Elapsed(deadline)));
    assert_eq!(clock.now().mono, 10_000);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(Elapsed(deadline).to_string(), "no answer within 10 s");
}

#[tokio::test]
async fn a_server_at_work_is_not_overtaken_by_the_deadline() {
    let clock = at(Speed::Max);
    // It computes for longer than the deadline, in real time; on the scenario's clock that is no time at all.
    let working = |_, _| async {
        real(80).await;
        7
    };
    assert_eq!(ask(&clock, Millis(1), working).await, Ok(7));
    assert_eq!(clock.now().mono, 0);
}

#[tokio::test]
async fn a_wait_that_was_given_up_leaves_nothing_behind() {
    let clock = at(Speed::Max);
    let task = clock.task();
    // Three silent servers that do not notice that their clients are gone.
    for n in 1..=3 {
        let silent = |c: Clock, id| async move {
            c.serve_sleep(id, HOUR).await;
            7
        };
        let hold = task.wait(ask(&clock, Millis(100), silent));
        assert!(soon(hold).await.is_err());
        assert_eq!(clock.now().mono, n * 100);
    }
    // A task that is ended in its sleep holds nobody up.
    let (other, watcher) = (clock.task(), clock.task());
    let asleep = tokio::spawn(async move { other.sleep(HOUR).await });
    let busy = tokio::spawn(async move {
        let held = watcher;
        std::future::pending::<()>().await;
        drop(held);
    });
    real(20).await;
    asleep.abort();
    busy.abort();
    let _ = asleep.await;
    let _ = busy.await;
    soon(task.sleep(Millis(100))).await;
    assert_eq!(clock.now().mono, 400, "not the hour of the one that was ended");
}

#[tokio::test]
async fn so_many_seconds_a_second() {
    let clock = at(Speed::Times(100));
    let begun = Instant::now();
    let task = clock.task();
    soon(task.sleep(Millis::from_secs(10))).await;
    let took = begun.elapsed();
    assert!(clock.now().mono >= 10_000);
    assert!(took >= Duration::from_millis(95) && took < Duration::from_secs(5), "{took:?}");
    // Nobody's being busy stops it.
    let before = clock.now().mono;
    real(30).await;
    assert!(clock.now().mono >= before + 2_000);
}

#[tokio::test]
async fn speed_changes_reach_those_who_sleep() {
    let clock = at(Speed::Times(0));
    let task = clock.task();
    let sleeping = tokio::spawn(async move {
        task.sleep(HOUR).await;
        task
    });
    real(40).await;
    assert_eq!((clock.now().mono, clock.speed()), (0, Speed::Times(0)), "it stands");
    clock.set_speed(Speed::Times(1_000));
    real(60).await;
    let some = clock.now().mono;
    assert!((20_000..HOUR.0).contains(&some), "{some}");
    clock.set_speed(Speed::Times(0));
    let stood = clock.now().mono;
    real(30).await;
    assert_eq!(clock.now().mono, stood);
    assert!(!sleeping.is_finished());
    clock.set_speed(Speed::Max);
    let task = soon(sleeping).await.unwrap();
    assert_eq!(clock.now().mono, HOUR.0);
    // From the jump back to a person's pace: nothing jumps any more.
    clock.set_speed(Speed::Times(1));
    let begun = Instant::now();
    soon(task.sleep(Millis(50))).await;
    assert!(begun.elapsed() >= Duration::from_millis(45));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_forgotten_among_many() {
    const TASKS: u64 = 120;
    const ROUNDS: u64 = 60;
    let clock = at(Speed::Max);
    let hold = clock.task();
    let mut all = Vec::new();
    for n in 0..TASKS {
        let (task, server) = (clock.task(), clock.clone());
        all.push(tokio::spawn(async move {
            let mut slept = 0;
            for round in 0..ROUNDS {
                let d = (n * 7 + round * 13) % 97;
                let before = task.now().mono;
                match round % 3 {
                    0 | 1 => task.sleep(Millis(d)).await,
                    // A silent server and its deadline.
                    _ => {
                        let server = server.clone();
                        let silent = task
                            .request(Millis(d), |id| async move { server.serve_sleep(id, Millis(10_000)).await })
                            .await;
                        assert!(silent.is_err());
                    }
                }
                slept += d;
                assert_eq!(task.now().mono, before + d, "woken late");
            }
            slept
        }));
    }
    drop(hold);
    let mut longest = 0;
    for t in all {
        longest = longest.max(soon(t).await.unwrap());
    }
    assert_eq!(clock.now().mono, longest);
}

#[tokio::test]
async fn a_change_of_speed_in_the_middle_of_it_loses_nobody() {
    let clock = at(Speed::Max);
    let mut all = Vec::new();
    for n in 0..40u64 {
        let task = clock.task();
        all.push(tokio::spawn(async move {
            for _ in 0..50 {
                task.sleep(Millis(n % 5 + 1)).await;
            }
        }));
    }
    for n in 0..30 {
        clock.set_speed(if n % 2 == 0 { Speed::Times(n % 3 * 50) } else { Speed::Max });
        real(1).await;
    }
    clock.set_speed(Speed::Max);
    for t in all {
        soon(t).await.unwrap();
    }
}

#[tokio::test]
async fn the_computers_clock_is_real() {
    let clock = Clock::system();
    assert!(!clock.is_scenario());
    assert_eq!(clock.speed(), Speed::Times(1));
    let (task, begun, before) = (clock.task(), Instant::now(), clock.now());
    task.sleep(Millis(30)).await;
    assert!(begun.elapsed() >= Duration::from_millis(29));
    let now = clock.now();
    assert!(now.mono >= before.mono + 29 && now.utc == now.wall);
    let late = task.request(Millis(20), |id| async move {
        assert_eq!(id, 0, "real requests carry no number");
        real(5_000).await;
    });
    assert_eq!(late.await, Err(Elapsed(Millis(20))));
    clock.set_speed(Speed::Max);
    assert_eq!(clock.speed(), Speed::Times(1), "nobody speeds up the world");
}

#[test]
fn speeds_are_read_and_said() {
    for (text, speed) in [("1", Speed::Times(1)), ("1000", Speed::Times(1_000)), ("max", Speed::Max)] {
        assert_eq!(text.parse::<Speed>(), Ok(speed));
    }
    for bad in ["0", "1001", "", "-1", "fast", "1.5", "Max"] {
        assert!(bad.parse::<Speed>().unwrap_err().contains("from 1 to 1000"), "{bad}");
    }
    assert_eq!((Speed::Times(60).to_string(), Speed::Max.to_string()), ("60×".into(), "max".into()));
}
