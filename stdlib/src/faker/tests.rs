use std::collections::HashSet;

use ld_vm::counts::NoCounts;
use ld_vm::{Kept, Value, Var};
use regex::Regex;

use super::*;
use crate::functions::tests::Evening;

fn made(name: &str, seed: u64) -> Var {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut call = Call {
        arguments: &[],
        rng: &mut rng,
        clock: &Evening,
        user: 0,
        iteration: 0,
        counts: &mut NoCounts,
        kept: &mut Kept::default(),
    };
    let mut result = Var::default();
    find(name).unwrap().make(&mut call, &mut result);
    result
}

fn text(name: &str, seed: u64) -> String {
    let mut text = Vec::new();
    made(name, seed).value().write_text(&mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn names_are_unique_and_sorted_within_their_kind() {
    let names: HashSet<_> = providers().map(|provider| provider.name).collect();
    assert_eq!(names.len(), providers().count());
    assert!(names.len() >= 120, "{}", names.len());
    for kind in KINDS {
        assert!(kind.providers.is_sorted_by_key(|provider| provider.name), "{}", kind.name);
    }
}

#[test]
fn every_provider_makes_something_and_the_same_for_the_same_seed() {
    let may_be_empty = ["random_digit_not_null_or_empty", "random_digit_or_empty"];
    for provider in providers() {
        for seed in 0..200 {
            let value = made(provider.name, seed);
            assert!(!value.value().is_missing(), "{} is missing", provider.name);
            let text = text(provider.name, seed);
            assert!(!text.is_empty() || may_be_empty.contains(&provider.name), "{}", provider.name);
            assert_eq!(value.value(), made(provider.name, seed).value(), "{}", provider.name);
            if let Value::Json(json) = value.value() {
                serde_json::from_slice::<serde_json::Value>(json).expect(provider.name);
            }
        }
    }
}

#[test]
fn values_have_the_form_of_their_kind() {
    for (name, form) in [
        ("aba", r"^\d{9}$"),
        ("address", r"^(.+\n.+, [A-Z]{2} \d{5}|.+\nDPO A[AEP] \d{5})$"),
        ("company_email", r"^[a-z0-9]+@[a-z0-9-]+\.[a-z]+$"),
        ("coordinate", r"^-?\d{1,3}\.\d{1,6}$"),
        ("country_code", r"^[A-Z]{2}$"),
        ("credit_card_expire", r"^(0[1-9]|1[0-2])/\d\d$"),
        ("currency_code", r"^[A-Z]{3}$"),
        ("date", r"^(19[7-9]\d|20[0-2]\d)-\d\d-\d\d$"),
        ("date_of_birth", r"^(19|20)\d\d-\d\d-\d\d$"),
        ("date_this_century", r"^20[0-2]\d-\d\d-\d\d$"),
        ("date_this_decade", r"^202[0-6]-\d\d-\d\d$"),
        ("date_this_month", r"^2026-11-(0[1-9]|1\d|2[0-2])$"),
        ("date_this_year", r"^2026-\d\d-\d\d$"),
        ("date_time", r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$"),
        ("date_time_ad", r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$"),
        ("email", r"^[a-z0-9]+@example\.(com|net|org)$"),
        ("future_date", r"^2026-1[12]-\d\d$"),
        ("iban", r"^GB\d\d[A-Z]{4}\d{14}$"),
        ("ipv4", r"^\d{1,3}(\.\d{1,3}){3}$"),
        ("ipv4_private", r"^(10|172|192)\."),
        ("ipv6", r"^[0-9a-f]{4}(:[0-9a-f]{4}){7}$"),
        ("iso8601", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$"),
        ("mac_address", r"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$"),
        ("month_name", r"^[A-Z][a-z]+$"),
        ("name", r"^\S+ .+$"),
        ("password", r"^.{10}$"),
        ("phone_number", r"^[0-9()+.x-]{10,22}$"),
        ("postcode", r"^\d{5}$"),
        ("pricetag", r"^\$[\d,]+\.\d\d$"),
        ("rgb_css_color", r"^rgb\(\d+,\d+,\d+\)$"),
        ("sentence", r"^[A-Z][a-z ]+\.$"),
        ("sha256", r"^[0-9a-f]{64}$"),
        ("slug", r"^[a-z]+-[a-z]+-[a-z]+$"),
        ("ssn", r"^\d{3}-\d\d-\d{4}$"),
        ("text", r"(?s)^.{1,200}$"),
        ("time", r"^\d\d:\d\d:\d\d$"),
        ("unix_time", r"^\d+\.\d{1,3}$"),
        ("uri", r"^https?://[a-z0-9.-]+/[a-z/-]+\.[a-z]+$"),
        ("url", r"^https?://[a-z0-9.-]+/$"),
        ("user_agent", r"^Mozilla/5\.0 \(.+\) "),
        ("uuid4", r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
        ("vin", r"^[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{8}$"),
        ("year", r"^\d{4}$"),
    ] {
        let form = Regex::new(form).unwrap();
        for seed in 0..200 {
            let text = text(name, seed);
            assert!(form.is_match(&text), "{name}: {text}");
        }
    }
}

#[test]
fn check_digits_are_right() {
    let digits = |text: &str| -> Vec<u32> { text.chars().filter_map(|c| c.to_digit(10)).collect() };
    for seed in 0..200 {
        let card = text("credit_card_number", seed);
        let luhn = digits(&card).into_iter().rev().enumerate();
        let luhn = luhn.map(|(at, digit)| {
            let digit = digit << (at % 2);
            if digit > 9 { digit - 9 } else { digit }
        });
        assert_eq!(luhn.sum::<u32>() % 10, 0, "{card}");

        for name in ["ean13", "ean8", "upc_a", "isbn13"] {
            let code = text(name, seed);
            let weighted = digits(&code).into_iter().rev().zip([1, 3].into_iter().cycle());
            assert_eq!(weighted.map(|(a, b)| a * b).sum::<u32>() % 10, 0, "{name}: {code}");
        }

        let isbn = text("isbn10", seed).replace('-', "");
        let value = |c: char| c.to_digit(10).unwrap_or(10);
        let sum: u32 = isbn.chars().zip((1..=10).rev()).map(|(c, n)| value(c) * n).sum();
        assert_eq!(sum % 11, 0, "{isbn}");

        let iban = text("iban", seed);
        let (country, account) = iban.split_at(4);
        let rest = format!("{account}{country}").chars().fold(0, |rest, character| {
            let digit = character.to_digit(36).unwrap();
            (rest * if digit > 9 { 100 } else { 10 } + digit) % 97
        });
        assert_eq!(rest, 1, "{iban}");
    }
}

#[test]
fn numbers_and_booleans_keep_their_type() {
    assert!(matches!(made("pyint", 1).value(), Value::Int(0..=9999)));
    assert!(matches!(made("latitude", 1).value(), Value::Float(_)));
    assert!(matches!(made("boolean", 1).value(), Value::Bool(_)));
    assert!(matches!(made("words", 1).value(), Value::Json(_)));
}
