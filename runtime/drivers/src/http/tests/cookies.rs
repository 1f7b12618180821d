//! Cookies that servers set and that tasks bring along.

use super::ask::Ask;
use super::peer::{Peer, reply};
use super::*;

#[test]
fn cookies_that_the_server_sets_come_back() {
    run(|mut user| async move {
        let login = reply("200 OK", "Set-Cookie: id=7; Path=/; HttpOnly\r\n", "");
        let ok = reply("200 OK", "", "");
        let out = reply("200 OK", "Set-Cookie: id=; Path=/; Max-Age=0\r\n", "");
        let peer = Peer::answering(&[&login, &ok, &out, &ok]).await;
        let ask = Ask::get(&peer.origin, "/");
        user.ask(&ask).await;
        assert_eq!(peer.last_field("Cookie"), None);
        user.ask(&ask).await;
        assert_eq!(peer.last_field("Cookie").as_deref(), Some("id=7"));
        assert!(peer.requests()[1].starts_with("GET / HTTP/1.1\r\nHost: "));
        user.ask(&ask).await;
        user.ask(&ask).await;
        assert_eq!(peer.last_field("Cookie"), None, "taken back");
    });
}

#[test]
fn cookies_of_the_task_go_beside_those_of_the_server() {
    run(|mut user| async move {
        let login = reply("200 OK", "Set-Cookie: id=7\r\nSet-Cookie: theme=light\r\n", "");
        let ok = reply("200 OK", "", "");
        let peer = Peer::answering(&[&login, &ok, &ok]).await;
        let ask = Ask::get(&peer.origin, "/");
        user.ask(&ask.clone().with(part::COOKIES, "theme=dark")).await;
        assert_eq!(peer.last_field("Cookie").as_deref(), Some("theme=dark"));
        user.ask(&ask.with(part::COOKIES, "theme=dark")).await;
        assert_eq!(peer.last_field("Cookie").as_deref(), Some("id=7; theme=dark"));
        let own = Ask::new("GET", &peer.origin, "/", "Cookie: mine=1\r\n", "");
        user.ask(&own).await;
        assert_eq!(peer.last_field("Cookie").as_deref(), Some("mine=1"), "the plan's own line");
    });
}

#[test]
fn a_body_stays_in_its_place_behind_the_cookies() {
    run(|mut user| async move {
        let login = reply("200 OK", "Set-Cookie: id=7\r\n", "");
        let peer = Peer::answering(&[&login, &login]).await;
        let ask = Ask::post(&peer.origin, "/", "payload");
        user.ask(&ask).await;
        user.ask(&ask).await;
        assert!(peer.requests()[1].ends_with("Content-Length: 7\r\nCookie: id=7\r\n\r\npayload"));
    });
}
