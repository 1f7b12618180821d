//! Words, sentences, paragraphs.

use fake::locales::{Data, EN};

use super::Provider;
use super::draw::Draw;

const WORDS: &[&str] = EN::LOREM_WORD;

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::text("paragraph", paragraph),
    Provider::json("paragraphs", |draw| three(draw, paragraph)),
    Provider::text("sentence", sentence),
    Provider::json("sentences", |draw| three(draw, sentence)),
    Provider::text("text", text),
    Provider::json("texts", |draw| three(draw, text)),
    Provider::one_of("word", WORDS),
    Provider::json("words", |draw| three(draw, |draw| draw.one_of(WORDS))),
];

fn three(draw: &mut Draw<'_>, write: fn(&mut Draw<'_>)) {
    let one = |draw: &mut Draw<'_>| draw.string(write);
    draw.array(&[&one, &one, &one]);
}

fn sentence(draw: &mut Draw<'_>) {
    let start = draw.written().len();
    for word in 0..draw.rng.u8(4..9) {
        draw.put(if word == 0 { "" } else { " " });
        draw.one_of(WORDS);
    }
    if let Some(first) = draw.out.get_mut(start) {
        first.make_ascii_uppercase();
    }
    draw.put(".");
}

fn paragraph(draw: &mut Draw<'_>) {
    for nth in 0..draw.rng.u8(2..6) {
        draw.put(if nth == 0 { "" } else { " " });
        sentence(draw);
    }
}

/// Whole sentences of 200 characters at most.
fn text(draw: &mut Draw<'_>) {
    const MOST: usize = 200;
    let start = draw.written().len();
    sentence(draw);
    loop {
        let end = draw.written().len();
        let gap = if draw.chance(20) { "\n" } else { " " };
        draw.put(gap);
        sentence(draw);
        if draw.written().len() - start > MOST {
            draw.out.truncate(end);
            return;
        }
    }
}
