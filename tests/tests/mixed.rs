//! Users whose tasks are of several protocols, against servers that share no code with the product.
#![cfg(test)]

use std::collections::BTreeSet;

use ld_tests::command::Folder;
use ld_tests::python::Python;
use ld_tests::runs;

#[test]
fn a_user_takes_what_one_protocol_says_to_another_and_keeps_a_connection_for_each() {
    let (web, feed) = (Python::start("web").unwrap(), Python::start("websocket").unwrap());
    let vars = [
        format!("web={}", web.addr()),
        format!("feed={}", feed.addr()),
        "nobody=127.0.0.1:1".to_owned(),
    ];
    let args: Vec<&str> = vars.iter().flat_map(|var| ["--var", var.as_str()]).collect();
    let run = {
        let folder = Folder::new().unwrap();
        runs::bring(&folder, "mixed.json").unwrap();
        runs::run(&folder, "mixed.json", &args).unwrap()
    };
    for (name, failures) in [("login", 0), ("feed", 0), ("a", 0), ("b", 0), ("nobody", 4)] {
        let figures = &run.summary["per_name"][name];
        assert_eq!(
            (&figures["requests"], &figures["failures"]),
            (&4.into(), &failures.into()),
            "{name}: {:?}",
            run.failures()
        );
    }
    let (web, feed) = (web.finish().unwrap(), feed.finish().unwrap());
    // Two users over four ticks: one WebSocket each, with what they had been told over HTTP.
    let handshakes = feed["handshakes"].as_array().unwrap();
    let users: BTreeSet<&str> = handshakes.iter().map(|seen| seen[1].as_str().unwrap()).collect();
    assert_eq!((handshakes.len(), users.len()), (2, 2), "{handshakes:?}");
    assert!(
        handshakes.iter().all(|seen| seen[0] == format!("/feed/{}", seen[1].as_str().unwrap()))
    );
    let messages = feed["messages"].as_array().unwrap();
    let said = |word: &str| {
        messages.iter().filter(|text| text.as_str().unwrap().starts_with(word)).count()
    };
    assert_eq!((said("hello t-"), said("bye t-"), messages.len()), (4, 2, 6));
    // Both end in order, with the WebSocket's goodbye.
    assert_eq!(feed["closes"], serde_json::json!([1000, 1000]));
    let paths = web.as_array().unwrap().iter().map(|seen| seen["path"].as_str().unwrap());
    assert_eq!(paths.filter(|path| path.starts_with("/a?told=hello%20t-")).count(), 4);
}
