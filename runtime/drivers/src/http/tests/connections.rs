//! Keeping connections, and replacing those that the server has closed.

use super::ask::Ask;
use super::peer::{Peer, Step, answer, reply};
use super::*;

#[test]
fn requests_follow_each_other_on_one_connection_as_they_were_prepared() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "hello");
        let peer = Peer::answering(&[&ok, &ok]).await;
        let ask = Ask::new("GET", &peer.origin, "/a?b=c", "Accept: */*\r\n", "");
        let first = user.ask(&ask).await;
        let second = user.ask(&ask).await;
        assert_eq!((first.status, second.status), (Some(200), Some(200)));
        let authority = &peer.origin["http://".len()..];
        let sent = format!("GET /a?b=c HTTP/1.1\r\nHost: {authority}\r\nAccept: */*\r\n\r\n");
        assert_eq!(peer.requests(), [sent.clone(), sent.clone()]);
        assert_eq!((user.net.counters.opened(), user.net.counters.reopened()), (1, 0));

        assert_eq!(first.stamps.bytes_out, sent.len() as u64);
        assert_eq!(first.stamps.bytes_in, ok.len() as u64);
        assert!(first.stamps.connect_ns > 0 && second.stamps.connect_ns == 0);
        for stamps in [first.stamps, second.stamps] {
            assert!(stamps.sent_ns <= stamps.first_byte_ns, "{stamps:?}");
            assert!(stamps.first_byte_ns <= stamps.done_ns, "{stamps:?}");
        }
    });
}

#[test]
fn what_the_driver_adds_to_a_request_that_varies() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "");
        let peer = Peer::answering(&[&ok, &ok]).await;
        let ask = Ask::post(&peer.origin, "/form", "a=b").varying();
        user.ask(&ask.clone().with(part::BASIC, "ada:secret").with(part::COOKIES, "x=1")).await;
        let authority = &peer.origin["http://".len()..];
        let expected = format!(
            "POST /form HTTP/1.1\r\nHost: {authority}\r\nContent-Type: text/plain\r\n\
             Content-Length: 3\r\nAuthorization: Basic YWRhOnNlY3JldA==\r\nCookie: x=1\r\n\r\na=b"
        );
        assert_eq!(peer.requests(), [expected]);
        let url = format!("{}/other?q=%C3%A4", peer.origin);
        user.ask(&ask.with_varying_url(&url)).await;
        let expected = format!(
            "POST /other?q=%C3%A4 HTTP/1.1\r\nHost: {authority}\r\n\
             Content-Type: text/plain\r\nContent-Length: 3\r\n\r\na=b"
        );
        assert_eq!(peer.requests()[1], expected);
        assert_eq!(user.net.counters.opened(), 1, "both go to the same origin");
    });
}

#[test]
fn a_large_body_goes_behind_its_head() {
    run(|mut user| async move {
        let peer = Peer::answering(&[&reply("200 OK", "", "")]).await;
        let body = "0123456789".repeat(100_000);
        let answer = user.ask(&Ask::post(&peer.origin, "/", &body).varying()).await;
        assert_eq!(answer.status, Some(200));
        assert!(peer.requests()[0].ends_with(&format!("\r\n\r\n{body}")));
    });
}

#[test]
fn a_connection_that_the_server_ends_is_not_used_again() {
    run(|mut user| async move {
        let last = reply("200 OK", "Connection: close\r\n", "");
        let peer = Peer::new(vec![vec![answer(&last)], vec![answer(&last)]]).await;
        let ask = Ask::post(&peer.origin, "/", "x");
        assert_eq!(user.ask(&ask).await.status, Some(200));
        assert_eq!(user.ask(&ask).await.status, Some(200));
        assert_eq!((user.net.counters.opened(), user.net.counters.reopened()), (2, 0));
    });
}

#[test]
fn a_connection_closed_while_idle_is_replaced_and_no_request_fails() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "");
        let peer = Peer::new(vec![vec![answer(&ok)], vec![answer(&ok)]]).await;
        let ask = Ask::post(&peer.origin, "/", "x");
        assert_eq!(user.ask(&ask).await.status, Some(200));
        assert_eq!(user.ask(&ask).await.status, Some(200), "closed before it was used");
        assert_eq!((user.net.counters.opened(), user.net.counters.reopened()), (2, 1));
        assert_eq!(peer.requests().len(), 2);
    });
}

#[test]
fn a_connection_with_bytes_nobody_asked_for_is_replaced() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "");
        let timeout = reply("408 Request Timeout", "", "");
        let idle = Step::Say(timeout.into_bytes());
        let peer = Peer::new(vec![vec![answer(&ok), idle], vec![answer(&ok)]]).await;
        // The reply, then the bytes: both are there when the user looks.
        let ask = Ask::get(&peer.origin, "/");
        let first = user.ask(&ask).await;
        let second = user.ask(&ask).await;
        // Where they came in one piece with the reply, they are a fault of that.
        if first.fault.is_none() {
            assert_eq!(second.status, Some(200));
            assert_eq!(user.net.counters.reopened(), 1);
        } else {
            assert_eq!(first.fault().0, FaultClass::Protocol);
        }
    });
}

#[test]
fn a_request_that_met_the_closing_of_its_connection_is_repeated_if_it_may_be() {
    for reset in [false, true] {
        run(|mut user| async move {
            let ok = reply("200 OK", "", "");
            let mut first = vec![answer(&ok), Step::Listen];
            first.extend(reset.then_some(Step::Reset));
            let peer = Peer::new(vec![first.clone(), vec![answer(&ok)]]).await;
            let ask = Ask::get(&peer.origin, "/");
            user.ask(&ask).await;
            let second = user.ask(&ask).await;
            assert_eq!(second.status, Some(200), "{:?}", second.fault);
            assert_eq!((user.net.counters.opened(), user.net.counters.reopened()), (2, 1));
            assert_eq!(peer.requests().len(), 3);

            let peer = Peer::new(vec![first]).await;
            let ask = Ask::post(&peer.origin, "/", "x");
            user.ask(&ask).await;
            let second = user.ask(&ask).await;
            let expected = if reset { FaultClass::Reset } else { FaultClass::Closed };
            assert_eq!(second.fault().0, expected, "the server may have acted on it");
            assert_eq!(user.net.counters.reopened(), 1);
        });
    }
}

#[test]
fn a_new_connection_that_closes_is_a_fault_at_once() {
    run(|mut user| async move {
        let peer = Peer::new(vec![vec![Step::Listen]]).await;
        let answer = user.ask(&Ask::get(&peer.origin, "/")).await;
        assert_eq!(
            answer.fault(),
            (FaultClass::Closed, "the server closed the connection without a reply")
        );
        assert_eq!((user.net.counters.opened(), user.net.counters.reopened()), (1, 0));
    });
}

#[test]
fn each_origin_has_its_connection_up_to_a_number() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "");
        let mut peers = Vec::new();
        for _ in 0..33 {
            peers.push(Peer::new(vec![vec![answer(&ok); 3]; 2]).await);
        }
        for peer in peers.iter().chain(&peers[1..]).chain(&peers[..1]) {
            assert_eq!(user.ask(&Ask::get(&peer.origin, "/")).await.status, Some(200));
        }
        assert_eq!(user.net.counters.opened(), 34, "the first had to make room for the last");
    });
}

#[test]
fn what_a_user_keeps_is_small() {
    run(|user| async move {
        let ask = Ask::get("http://127.0.0.1:1", "/").link();
        let mut machine = testing::user(&ask);
        let request = testing::request(&ask, &mut machine);
        let User { http, mut session, .. } = user;
        let future = http.exchange(&mut session, request);
        assert!(size_of_val(&future) <= 816, "{}", size_of_val(&future));
        drop(future);
        assert!(size_of_val(&session) <= 320, "{}", size_of_val(&session));
    });
}

#[test]
fn a_target_that_varies_may_turn_out_to_be_relative() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "");
        let peer = Peer::answering(&[ok.as_str(); 3]).await;
        let ask = Ask::get(&peer.origin, "/");
        let base = format!("{}/shop", peer.origin);
        for (target, line) in [
            ("/next?page=2", "GET /shop/next?page=2 HTTP/1.1"),
            ("next", "GET /shop/next HTTP/1.1"),
            ("?page=3", "GET /shop?page=3 HTTP/1.1"),
        ] {
            let ask = ask.clone().with_varying_url(target).with(part::ORIGIN, &base);
            assert_eq!(user.ask(&ask).await.status, Some(200), "{target}");
            assert_eq!(peer.last_line(), line);
        }
        let nowhere = user.ask(&ask.with_varying_url("/next")).await;
        assert_eq!(nowhere.fault().1, "`/next` is relative, and the run has no `host`");
    });
}
