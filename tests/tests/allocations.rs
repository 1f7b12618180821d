//! A tick allocates nothing once it is warm: the machine, the functions, checks and extracts
//! together. A binary of its own, because counting replaces its allocator.
#![cfg(test)]

use allocation_counter::measure;
use ld_stdlib::protocols::http::part;
use ld_tests::script::{self, Answer, Data, Stage};
use ld_tests::{cases, plans};
use ld_vm::program::RunId;
use ld_vm::{Effect, FaultClass, Linked, Resume, User};

/// Steps through one tick as a driver would, reading what is to be sent; returns the length of
/// the body.
fn tick(linked: &Linked, user: &mut User, stage: &mut Stage, reply: &Answer) -> usize {
    let mut body = 0;
    let mut resume = Resume::Go;
    loop {
        resume = match user.step(linked, &mut stage.world(), resume) {
            Effect::Request(request) => {
                body = request.part(part::BODY).len();
                Resume::Reply(reply.reply(request.needs()))
            }
            Effect::Sample(sample) => {
                assert_eq!((sample.failure, sample.unresolved), (None, 0));
                Resume::Go
            }
            Effect::End(_) => return body,
            _ => Resume::Go,
        }
    }
}

fn ready(plan: &str) -> (Linked, Stage) {
    let plan = cases::folder("compile").join(plan);
    let program = plans::compile_file(&plan, true).unwrap().1.program.unwrap();
    let data = Data::read(&program, plans::folder(&plan)).unwrap();
    (script::link(program, &data, &[]).unwrap(), Stage::new(data))
}

#[test]
fn a_tick_of_a_checked_post_allocates_nothing_once_warm() {
    let (linked, mut stage) = ready("checked-post.json");
    let answers = ["3f9a", "a token that is longer, but not by much", "\\u00e9\\n"].map(|token| {
        Answer::new(200, format!(r#"{{"status": "accepted", "data": {{"token": "{token}"}}}}"#))
    });
    let mut users: Vec<User> = (0..10).map(|id| script::user(&linked, RunId(0), id, 1)).collect();
    let mut all = |users: &mut [User]| {
        for answer in &answers {
            for user in &mut *users {
                let body = tick(&linked, user, &mut stage, answer);
                assert!((400..500).contains(&body), "{body} bytes are what the case is about");
            }
        }
    };
    // The longest value of each variable has been there after this.
    all(&mut users);
    all(&mut users);
    let counted = measure(|| (0..100).for_each(|_| all(&mut users)));
    assert_eq!(counted.count_total, 0, "in {} ticks", 100 * answers.len() * users.len());
}

#[test]
fn a_constant_request_borrows_no_buffer() {
    let (linked, mut stage) = ready("constant-get.json");
    let mut user = script::user(&linked, RunId(0), 0, 1);
    let reply = Answer::new(200, "");
    let counted = measure(|| {
        for _ in 0..100 {
            tick(&linked, &mut user, &mut stage, &reply);
        }
    });
    assert_eq!(counted.count_total, 0, "not even in the first tick");
}

#[test]
fn failures_and_faults_allocate_nothing_once_warm() {
    let (linked, mut stage) = ready("checked-post.json");
    let answers = [
        Answer::new(503, "{}"),
        Answer::new(200, r#"{"status": "refused, and for a reason that is long"}"#),
        Answer::fault(FaultClass::Reset, "the peer reset the connection"),
    ];
    let mut user = script::user(&linked, RunId(0), 0, 1);
    let mut failed = 0;
    let mut all = |user: &mut User| {
        for answer in &answers {
            let mut resume = Resume::Go;
            loop {
                resume = match user.step(&linked, &mut stage.world(), resume) {
                    Effect::Request(request) => Resume::Reply(answer.reply(request.needs())),
                    Effect::Sample(sample) => {
                        failed += u32::from(sample.failure.is_some());
                        Resume::Go
                    }
                    Effect::End(_) => break,
                    _ => Resume::Go,
                }
            }
        }
    };
    all(&mut user);
    all(&mut user);
    let counted = measure(|| (0..100).for_each(|_| all(&mut user)));
    assert_eq!((counted.count_total, failed), (0, 306));
}
