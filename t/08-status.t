#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
#
# docs/status.md names what the status handlers print, and nothing else:
# - metrics: the strings of acme_metrics.c that begin with acme_, and the names
#   in the tables of the section "Prometheus";
# - members of the JSON: the keys that acme_status.c, mod_acme_status.c and
#   mod_acme_hot.c set,
#   and the names in the first column of the tables about the JSON. A key may
#   also be explained in another column or in a sentence;
# - types in the log of a site: the third argument of acme_job_note();
# - lines of server-status?auto;
# - each field of mod_md's md-status is there, or the manual says why not.
# And docs/acmectl.8 has each word for a state that acmectl prints.
use strict;
use warnings;
use Test::More tests => 16;

my $root = $ENV{srcdir} // '.';
chdir $root or BAIL_OUT("$root: $!");
require './t/lib/House.pm';

my ($STATUS, $METRICS, $HANDLER, $HOT, $MANUAL) =
    ('mod_acme/report/acme_status.c', 'mod_acme/report/acme_metrics.c',
     'mod_acme/httpd/mod_acme_status.c', 'mod_acme/httpd/mod_acme_hot.c',
     'docs/status.md');

# Without comments and includes.
sub code {
    my ($file) = @_;
    return House::without_comments(House::slurp($file)) =~ s/^\s*#.*$//gmr;
}

# Each of the first that is not among the second.
sub lacks {
    my ($name, $have, $need) = @_;
    my @wrong = grep { !$need->{$_} } sort keys %$have;
    ok(!@wrong, $name) or diag(join "\n", @wrong);
}

sub set {
    return {map { $_ => 1 } @_};
}

# The manual by headings, and the words in backquotes of a text.
my %section = ('' => '');
my $heading = '';
for my $line (split /^/, House::slurp($MANUAL)) {
    $heading = $1 if $line =~ /^## +(.*?)\s*$/;
    $section{$heading} .= $line;
}
sub quoted {
    return join(' ', @_) =~ /`([^`]+)`/g;
}
sub first_column {
    return quoted(map { /^\| *([^|]*)\|/ } split /\n/, $_[0]);
}

# ---- metrics ----------------------------------------------------------------

my $metrics = set(code($METRICS) =~ /"(acme_\w+)(?=["{])/g);
my $told = set(map { /^(acme_\w+)/ } first_column($section{Prometheus} // ''));
ok(keys %$metrics > 20, "metrics of $METRICS are found");
lacks("each metric is in a table of $MANUAL", $metrics, $told);
lacks("$MANUAL has no other metric",
      set(map { /^(acme_\w+)/ } quoted($section{Prometheus} // '')), $metrics);

# ---- JSON -------------------------------------------------------------------

my $key = qr/\b(?:acme_json_(?:set|give)\w*|set_(?:date|period|strs))
             \s*\(\s*\w+\s*,\s*"([^"]+)"/x;
my $keys = set(code($STATUS) =~ /$key/g, code($HANDLER) =~ /$key/g,
               code($HOT) =~ /$key/g,
               code('mod_acme/report/acme_judgement.c') =~ /$key/g,
               # of the server: one of both
               code($STATUS) =~ /\?\s*"(\w+)"\s*:\s*"(\w+)"/g,
               code($HANDLER) =~ /\\"([a-z-]+)\\":/g);
my @json = grep { !/^(?:Prometheus|server-status)$/ } keys %section;
my @members = map { s/\[\]//gr } map { split /\./ }
    grep { !/^\d+$/ } map { first_column($section{$_}) } @json;
my $members = set(grep { $_ ne '' && $_ ne 'KEYTYPE' } @members);
my $words = set(map { split /[.\[\]]+/ } map { quoted($section{$_}) } @json);
ok(keys %$keys > 60, "keys of $STATUS are found");
lacks("each member of the JSON is in $MANUAL", $keys, $words);
lacks("$MANUAL has no other member", $members, $keys);

# ---- types in the log -------------------------------------------------------

my ($calls, @types) = (0);
for my $file (sort glob 'mod_acme/*/*.c') {
    next if $file eq 'mod_acme/state/acme_job.c';
    my $text = code($file);
    $calls += () = $text =~ /\bacme_job_note\s*\(/g;
    push @types, $text =~ /\bacme_job_note\s*\((?:[^"();]|\([^()]*\))*,
                           \s*"([a-z-]+)"/gx;
}
is(scalar @types, $calls, 'each acme_job_note() has its type as a literal');
my ($listed) = join('', @section{@json}) =~ /^Types in the log:(.*?)\n\n/ms;
my $listed_types = set(quoted($listed // ''));
lacks("each type in the log is in $MANUAL", set(@types), $listed_types);
lacks("$MANUAL has no other type", $listed_types, set(@types));

# ---- server-status?auto -----------------------------------------------------

my $lines = set(code($HANDLER) =~ /(ManagedCertificates\w+):/g);
my $told_lines = set(($section{'server-status'} // '')
                     =~ /^ +(ManagedCertificates\w+):/mg);
ok(keys %$lines > 0, 'lines of server-status?auto are found');
lacks("each line of server-status?auto is in $MANUAL", $lines, $told_lines);
lacks("$MANUAL has no other line", $told_lines, $lines);

# ---- mod_md -----------------------------------------------------------------

# Fields of its md-status, of sites that it manages over ACME.
my @of_md = qw(name domains contacts ca account proto url urls agreement
    challenges state state-descr renew renew-mode renew-window warn-window
    renew-at watched profile profile-mandatory eab kid must-staple acme-tls/1
    require-https cert valid from until serial sha256-fingerprint ari-cert-id
    renewal finished errors next-run last-run valid-from last status
    status-description problem detail activity subproblems log entries when
    type);
my ($differs) = join('', @section{@json}) =~ /^Where mod_md differs:(.*?)\n\n/ms;
my $stated = set(map { split /\./ } quoted($differs // ''));
lacks('each field of mod_md is there, or said to differ', set(@of_md),
      {%$keys, %$stated});

# ---- words of acmectl -------------------------------------------------------

my $tool = join '', map { code($_) } sort glob 'mod_acme/tool/*.c';
# The body of a function, or what is in the braces of a table.
sub body {
    my ($file, $name) = @_;
    my ($found) = code($file)
        =~ /\b\Q$name\E\s*(?:\([^()]*\)|\[\w*\]\s*=)\s*\{(.*?)\n?\}\s*;?(?:\n\n|\s*\z)/s;
    return $found // '';
}
my %source = (
    'acmectl_renew.c, outcome_names' => [$tool =~ /outcome_names\[\] = \{([^}]*)\}/g],
    'acmectl_wait.c, site_name' => [body('mod_acme/tool/acmectl_wait.c', 'site_name')],
    'acmectl_account.c, status_of' =>
        [body('mod_acme/tool/acmectl_account.c', 'status_of')],
    'acme_inventory.c' => [body('mod_acme/certs/acme_inventory.c',
                                'acme_inventory_serving_name')],
    'acme_certstore.c' => [body('mod_acme/certs/acme_certstore.c',
                                'acme_certstore_place_name')],
    'acme_preflight_finding.c' =>
        [body('mod_acme/preflight/acme_preflight_finding.c',
              'acme_preflight_finding_state')],
    'acme_judgement.c, levels' => [body('mod_acme/report/acme_judgement.c',
                                        'levels')],
);
my $state_words = set(map { map { /"([a-z]+(?:-[a-z]+)*)"/g } @$_ } values %source);
my @empty = grep { !grep { /"[a-z]/ } @{$source{$_}} } sort keys %source;
ok(!@empty, 'words of acmectl are found') or diag(join "\n", @empty);
my $manual8 = House::slurp('docs/acmectl.8') =~ s/\\-/-/gr;
my ($words8) = $manual8 =~ /^\.SH WORDS\n(.*?)^\.SH /ms;
lacks('each word for a state is in docs/acmectl.8', $state_words,
      set(map { split ' ' } ($words8 // '') =~ /^\.BR? +([a-z][a-z-]*)/mg));
# A member that has such a word gets it from one of these.
my @other_words = grep { !/^(?:site|result|worst|site_name\(site\)|status_of\(record\)
                             |outcome_names\[\w+->outcome\])$/x }
    $tool =~ /acme_json_set_str\(\s*\w+,\s*"(?:result|status|site|state|level)",
              \s*([^;]+)\);/gx;
ok(!@other_words, 'no other source of such a word')
    or diag(join "\n", @other_words);
