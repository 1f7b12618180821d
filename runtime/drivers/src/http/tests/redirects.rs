//! Chains of redirects.

use super::ask::Ask;
use super::peer::{Peer, answer, reply};
use super::*;

fn to(status: &str, location: &str) -> String {
    reply(status, &format!("Location: {location}\r\n"), "moved")
}

#[test]
fn a_chain_is_one_exchange() {
    run(|mut user| async move {
        let replies =
            [to("302 Found", "next"), to("307 x", "/last?x=1"), reply("200 OK", "", "end")];
        let peer = Peer::answering(&replies.each_ref().map(String::as_str)).await;
        let ask = Ask::get(&peer.origin, "/dir/first").needs(Needs::PAYLOAD);
        let answer = user.ask(&ask).await;
        assert_eq!((answer.status, answer.body.as_str()), (Some(200), "end"));
        let lines: Vec<_> =
            peer.requests().iter().map(|r| r.lines().next().unwrap().to_owned()).collect();
        assert_eq!(
            lines,
            ["GET /dir/first HTTP/1.1", "GET /dir/next HTTP/1.1", "GET /last?x=1 HTTP/1.1"]
        );
        assert_eq!(user.net.counters.opened(), 1);
        let sent: usize = peer.requests().iter().map(String::len).sum();
        assert_eq!(answer.stamps.bytes_out, sent as u64);
        assert_eq!(answer.stamps.bytes_in, replies.iter().map(String::len).sum::<usize>() as u64);
    });
}

#[test]
fn a_post_becomes_a_get_and_leaves_its_body_behind_or_goes_on_as_it_is() {
    run(|mut user| async move {
        let ok = reply("200 OK", "", "");
        let see_other = to("303 See Other", "/done");
        let temporary = to("307 Temporary Redirect", "/again");
        let peer = Peer::answering(&[&see_other, &ok, &temporary, &ok, &temporary, &ok]).await;
        let ask = Ask::post(&peer.origin, "/form", "a=b");
        user.ask(&ask).await;
        assert_eq!(peer.last_line(), "GET /done HTTP/1.1");
        assert_eq!(peer.last_field("Content-Length"), None);
        assert_eq!(peer.last_field("Content-Type"), None);
        for ask in [ask.clone(), ask.varying()] {
            user.ask(&ask).await;
            assert_eq!(peer.last_line(), "POST /again HTTP/1.1");
            assert_eq!(peer.last_field("Content-Length").as_deref(), Some("3"));
            assert!(peer.requests().last().unwrap().ends_with("\r\n\r\na=b"));
        }
    });
}

#[test]
fn head_stays_head() {
    run(|mut user| async move {
        let moved = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 5\r\n\r\n";
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        let peer = Peer::answering(&[moved, ok]).await;
        let answer = user.ask(&Ask::new("HEAD", &peer.origin, "/a", "", "")).await;
        assert_eq!(answer.status, Some(200));
        assert_eq!(peer.last_line(), "HEAD /b HTTP/1.1");
    });
}

#[test]
fn another_origin_gets_no_credentials() {
    run(|mut user| async move {
        let other = Peer::answering(&[&reply("200 OK", "", "there")]).await;
        let moved = to("302 Found", &format!("{}/x", other.origin));
        let cookie = moved.replacen("\r\n", "\r\nSet-Cookie: a=1; Path=/elsewhere\r\n", 1);
        let same = to("302 Found", "/here");
        let peer = Peer::answering(&[&same, &cookie]).await;
        let lines = "Authorization: Bearer t\r\nX-Other: 1\r\nHost: virtual.example\r\n";
        let ask = Ask::new("GET", &peer.origin, "/", lines, "")
            .with(part::COOKIES, "own=1")
            .with(part::BASIC, "ada:secret")
            .needs(Needs::PAYLOAD);
        let answer = user.ask(&ask).await;
        assert_eq!(answer.body, "there", "{:?}", answer.fault);
        let here = &peer.requests()[1];
        assert!(here.contains("\r\nAuthorization: Bearer t\r\n"), "{here}");
        assert!(here.contains("\r\nCookie: own=1\r\n"), "{here}");
        assert_eq!(other.last_field("Authorization"), None);
        assert_eq!(other.last_field("Cookie"), None);
        assert_eq!(other.last_field("X-Other").as_deref(), Some("1"));
        assert_eq!(other.last_field("Host").as_deref(), Some(&other.origin["http://".len()..]));
    });
}

#[test]
fn cookies_set_on_the_way_are_sent_on_the_way() {
    run(|mut user| async move {
        let login = to("302 Found", "/home").replacen("\r\n", "\r\nSet-Cookie: id=7\r\n", 1);
        let peer = Peer::answering(&[&login, &reply("200 OK", "", "")]).await;
        user.ask(&Ask::post(&peer.origin, "/login", "x")).await;
        assert_eq!(peer.last_line(), "GET /home HTTP/1.1");
        assert_eq!(peer.last_field("Cookie").as_deref(), Some("id=7"));
    });
}

#[test]
fn a_chain_without_end_is_cut() {
    run(|mut user| async move {
        let round = to("302 Found", "/");
        let peer = Peer::new(vec![vec![answer(&round); 5]]).await;
        let ask = Ask::get(&peer.origin, "/").with_option(option::REDIRECTS, 3);
        let answer = user.ask(&ask).await;
        assert_eq!(
            answer.fault(),
            (FaultClass::Protocol, "the server redirects more than 3 times in a row")
        );
        assert_eq!(peer.requests().len(), 4);
    });
}

#[test]
fn redirects_are_not_followed_when_the_task_does_not_want_it() {
    run(|mut user| async move {
        let peer = Peer::answering(&[&to("302 Found", "/x")]).await;
        let ask = Ask::get(&peer.origin, "/").with_option(option::REDIRECTS, 0);
        assert_eq!(user.ask(&ask).await.status, Some(302));
    });
}

#[test]
fn an_address_that_is_none_is_a_fault() {
    run(|mut user| async move {
        let peer = Peer::answering(&[&to("302 Found", "http://[")]).await;
        let answer = user.ask(&Ask::get(&peer.origin, "/")).await;
        assert_eq!(
            answer.fault(),
            (FaultClass::Protocol, "the server redirects to something that is not a URL")
        );
        let ask = Ask::get(&peer.origin, "/").with_varying_url("mailto:ada@example.org");
        let (class, text) = user.ask(&ask).await.fault.unwrap();
        assert_eq!(class, FaultClass::Plan);
        assert!(text.starts_with("`mailto:ada@example.org` is not a URL"), "{text}");
    });
}
