//! HTTPS: which servers are trusted, what a client shows of itself, what is taken up again.
#![cfg(test)]

use std::fs;

use ld_tests::certificates::{Authority, Kind};
use ld_tests::command::Folder;
use ld_tests::nginx::{Nginx, NginxOptions};
use ld_tests::runs::{self, Run};
use ld_tests::witness::{Handshake, Witness, reply};
use serde_json::{Value, json};

/// Runs the plan with these fields added to its task.
fn run(folder: &Folder, fields: &Value, args: &[&str]) -> Run {
    runs::bring(folder, "tls.json").unwrap();
    let plan = fs::read_to_string(folder.path().join("tls.json")).unwrap();
    let fields = fields.to_string();
    let fields = &fields[1..fields.len() - 1];
    let comma = if fields.is_empty() { "" } else { ", " };
    let task = format!("\"name\": \"small\"{comma}{fields}");
    folder.write("plan.json", plan.replace("\"name\": \"small\"", &task)).unwrap();
    runs::run(folder, "plan.json", args).unwrap()
}

fn assert_good(run: &Run) {
    let counts = (run.count("/totals/requests"), run.count("/totals/failures"));
    assert_eq!(counts, (3, 0), "{:?}", run.failures());
}

/// All requests failed in class `tls`, and the text says why.
fn assert_refused(run: &Run, why: &str) {
    let failures = run.failures();
    let [(class, text, count)] = failures.as_slice() else { panic!("{failures:?}") };
    assert_eq!((class.as_str(), *count), ("tls", 3), "{text}");
    assert!(text.contains(why), "{text}");
}

/// A server over TLS for `localhost` and 127.0.0.1, and the folder with its authority's file.
fn witness() -> (Folder, Witness) {
    let folder = Folder::new().unwrap();
    let authority = Authority::new().unwrap();
    folder.write("ca.pem", authority.pem()).unwrap();
    let config = authority.sign(Kind::Server).unwrap().server_config().unwrap();
    let close = |_: &_| reply(200, &[("Connection", "close")], "{\"ok\":true}");
    (folder, Witness::start_tls(config, close).unwrap())
}

fn handshakes(witness: &Witness) -> Vec<Handshake> {
    witness.seen().into_iter().filter_map(|seen| seen.tls).collect()
}

#[test]
fn nginx_is_trusted_when_the_plan_or_the_command_line_says_so() {
    let nginx = Nginx::start(&NginxOptions::default()).unwrap();
    let folder = Folder::new().unwrap();
    folder.write("ca.pem", nginx.root_pem()).unwrap();
    folder.write("other.pem", Authority::new().unwrap().pem()).unwrap();
    let host = format!("https://{}", nginx.https());
    let args = ["--host", host.as_str()];

    let refused = run(&folder, &json!({}), &args);
    assert_refused(&refused, "an authority that is not trusted");
    assert_refused(&refused, "`verify`");
    let other = run(&folder, &json!({"verify": "other.pem"}), &args);
    assert_refused(&other, "not signed by the authority");
    assert_eq!(nginx.requests().unwrap(), 0);

    let trusted = run(&folder, &json!({"verify": "ca.pem"}), &args);
    assert_good(&trusted);
    assert_eq!(trusted.count("/connections/opened"), 1);
    assert_eq!(trusted.count("/tls_time/count"), 1);
    assert_good(&run(&folder, &json!({"verify": false}), &args));
    assert_good(&run(&folder, &json!({}), &[args.as_slice(), &["--insecure"]].concat()));
    let checked = json!({"assertions": [{"type": "json_path", "path": "ok", "value": true}]});
    assert_good(&run(&folder, &checked, &[args.as_slice(), &["--insecure"]].concat()));
}

#[test]
fn the_name_asked_for_is_that_of_the_url_wherever_it_leads() {
    let (folder, witness) = witness();
    let url = format!("https://localhost:{}", witness.addr().port());
    let verify = json!({"verify": "ca.pem"});
    assert_good(&run(&folder, &verify, &["--host", &url]));
    let elsewhere = format!("localhost:443:{}", witness.addr());
    let args = ["--host", "https://localhost", "--connect-to", &elsewhere];
    assert_good(&run(&folder, &verify, &args));
    for handshake in handshakes(&witness) {
        assert_eq!(handshake.server_name.as_deref(), Some("localhost"));
        assert_eq!(handshake.protocol.as_deref(), Some("http/1.1"));
    }
    let other = format!("other.invalid:443:{}", witness.addr());
    let args = ["--host", "https://other.invalid", "--connect-to", &other];
    assert_refused(&run(&folder, &verify, &args), "not for other.invalid");
}

#[test]
fn who_connects_again_takes_up_the_session() {
    let (folder, witness) = witness();
    let url = witness.url();
    let args = ["--host", &url, "--iterations", "3", "--threads", "1"];
    assert_good(&run(&folder, &json!({"verify": "ca.pem"}), &args));
    let resumed: Vec<_> = handshakes(&witness).iter().map(|shake| shake.resumed).collect();
    assert_eq!(resumed, [false, true, true]);
}

#[test]
fn a_client_shows_its_certificate_where_the_plan_has_one() {
    let (servers, clients) = (Authority::new().unwrap(), Authority::new().unwrap());
    let identity = servers.sign(Kind::Server).unwrap();
    let config = identity.server_config_for_clients_of(&clients).unwrap();
    let witness = Witness::start_tls(config, |_| reply(200, &[], "{\"ok\":true}")).unwrap();
    let url = witness.url();
    let args = ["--host", url.as_str()];
    let folder = Folder::new().unwrap();
    folder.write("ca.pem", servers.pem()).unwrap();
    let client = clients.sign(Kind::Client).unwrap();
    folder.write("client.pem", &client.certificate_pem).unwrap();
    folder.write("client.key", &client.key_pem).unwrap();
    folder.write("both.pem", format!("{}{}", client.certificate_pem, client.key_pem)).unwrap();
    let stranger = Authority::new().unwrap().sign(Kind::Client).unwrap();
    let both = format!("{}{}", stranger.certificate_pem, stranger.key_pem);
    folder.write("stranger.pem", both).unwrap();

    let cert = json!({"verify": "ca.pem", "cert": ["client.pem", "client.key"]});
    assert_good(&run(&folder, &cert, &args));
    assert_good(&run(&folder, &json!({"verify": "ca.pem", "cert": "both.pem"}), &args));
    assert!(handshakes(&witness).iter().all(|shake| shake.has_certificate));
    let seen = witness.seen().len();

    let without = run(&folder, &json!({"verify": "ca.pem"}), &args);
    assert_refused(&without, "wants a client certificate (`cert`)");
    let stranger = json!({"verify": "ca.pem", "cert": "stranger.pem"});
    assert_refused(&run(&folder, &stranger, &args), "does not accept the client certificate");
    // Not the server's fault, and not one of TLS.
    let keyless = run(&folder, &json!({"verify": "ca.pem", "cert": "ca.pem"}), &args).failures();
    assert!(keyless[0].0 == "plan" && keyless[0].1.contains("private key"), "{keyless:?}");
    assert_eq!(witness.seen().len(), seen);
}

#[test]
fn versions_and_names_are_those_of_the_plan() {
    let (folder, witness) = witness();
    let url = witness.url();
    let args = ["--host", url.as_str()];
    let tls = |options: Value| json!({"verify": "ca.pem", "tls": options});
    let named =
        tls(json!({"server_name": "localhost", "alpn": ["http/1.1"], "min_version": "1.3"}));
    assert_good(&run(&folder, &named, &args));
    let names: Vec<_> = handshakes(&witness).into_iter().map(|shake| shake.server_name).collect();
    assert_eq!(names, vec![Some("localhost".to_owned()); 3]);
    assert_good(&run(&folder, &tls(json!({"max_version": "1.2"})), &args));
    let other = tls(json!({"server_name": "other.example"}));
    assert_refused(&run(&folder, &other, &args), "other.example");
}
