//! Companies and jobs.

use fake::locales::{Data, EN};

use super::Provider;
use super::draw::Draw;
use super::person::LAST;

const SUFFIX: &[&str] = &["and Sons", "Group", "Inc", "LLC", "Ltd", "PLC"];

pub(super) const PROVIDERS: &[Provider] = &[
    Provider::text("bs", |draw| {
        draw.one_of(EN::COMPANY_BS_VERBS);
        draw.put(" ");
        draw.one_of(EN::COMPANY_BS_ADJ);
        draw.put(" ");
        draw.one_of(EN::COMPANY_BS_NOUNS);
    }),
    Provider::text("catch_phrase", |draw| {
        draw.one_of(EN::COMPANY_BUZZWORD_HEAD);
        draw.put(" ");
        draw.one_of(EN::COMPANY_BUZZWORD_MIDDLE);
        draw.put(" ");
        draw.one_of(EN::COMPANY_BUZZWORD_TAIL);
    }),
    Provider::text("company", company),
    Provider::one_of("company_suffix", SUFFIX),
    Provider::text("job", job),
    Provider::text("job_female", job),
    Provider::text("job_male", job),
];

pub(super) fn company(draw: &mut Draw<'_>) {
    draw.one_of(LAST);
    match draw.rng.u8(0..3) {
        0 => {
            draw.put(" ");
            draw.one_of(SUFFIX);
        }
        1 => {
            draw.put("-");
            draw.one_of(LAST);
        }
        _ => {
            draw.put(", ");
            draw.one_of(LAST);
            draw.put(" and ");
            draw.one_of(LAST);
        }
    }
}

pub(super) fn job(draw: &mut Draw<'_>) {
    draw.one_of(EN::JOB_SENIORITY);
    draw.put(" ");
    draw.one_of(EN::JOB_FIELD);
    draw.put(" ");
    draw.one_of(EN::JOB_POSITION);
}
