#!/usr/bin/env perl
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Every directive of the table is in conf/acme.conf and in the manual, and
# neither has one that the table has not.
use strict;
use warnings;
use Test::More tests => 4;

my $root = $ENV{srcdir} // '.';
chdir $root or BAIL_OUT("$root: $!");

sub slurp {
    my ($file) = @_;
    open my $fh, '<', $file or BAIL_OUT("$file: $!");
    local $/;
    return scalar <$fh>;
}

my $code = join '', map { slurp($_) } glob 'mod_acme/httpd/*.c';
my %table = map { $_ => 1 } $code =~ /\bAP_INIT_\w+\s*\(\s*"(<?ACME\w+)"/g;

sub names {
    my ($text) = @_;
    return map { $_ => 1 } $text =~ /\b(ACME[A-Z]\w*[a-z]\w*)/g;
}
my %conf = names(slurp('conf/acme.conf'));
my %docs = names(slurp('docs/directives.md'));

sub none {
    my ($name, @wrong) = @_;
    ok(!@wrong, $name) or diag(join "\n", @wrong);
}
ok(%table > 0, 'there are directives');
none('all are in conf/acme.conf', grep { !$conf{$_} } sort keys %table);
none('all are in docs/directives.md', grep { !$docs{$_} } sort keys %table);
none('there are no others',
     grep { !$table{$_} } sort keys %{{%conf, %docs}});
