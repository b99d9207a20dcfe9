#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
#
# The floors: a file includes from its own folder or a lower floor; crypto, net
# and store never each other. No circle between units (the .c and the .h of one
# name are one unit). Each foreign library stays where it belongs.
use strict;
use warnings;
use Test::More;

my $root = $ENV{srcdir} // '.';
chdir "$root/mod_acme" or BAIL_OUT("$root/mod_acme: $!");

my %floor = (base => 0, crypto => 1, net => 1, store => 1, proto => 2,
             manage => 3, httpd => 4, tool => 4);

# Folders, or single units, that may include a foreign header.
my @foreign = (
    ['OpenSSL', qr{^openssl/},  qr{^(crypto|httpd)/}],
    ['libcurl', qr{^curl/},     qr{^net/}],
    ['jansson', qr{^jansson},   qr{^base/acme_json$}],
    ['libpsl',  qr{^libpsl},    qr{^base/acme_domain$}],
    ['httpd',
     qr{^(httpd|http_\w+|ap_\w+|mod_\w+|util_\w+|mpm_\w+|scoreboard|unixd|os)
        \.h$}x,                 qr{^httpd/}],
);

my @files = sort glob '*/*.[ch]';
my %home;    # header name => folder
for my $file (@files) {
    my ($dir, $name) = split m{/}, $file;
    next unless $name =~ /\.h$/;
    BAIL_OUT("two headers are called $name") if $home{$name};
    $home{$name} = $dir;
}

my (@unknown, @breach, @stray, %uses);
for my $file (@files) {
    my ($dir, $name) = split m{/}, $file;
    (my $unit = $file) =~ s/\.[ch]$//;

    push @unknown, "$dir/: no such floor ($file)" unless exists $floor{$dir};
    $uses{$unit} //= {};

    open my $fh, '<', $file or BAIL_OUT("$file: $!");
    while (my $line = <$fh>) {
        next unless $line =~ /^\s*#\s*include\s*[<"]([^>"]+)[>"]/;
        my $inc = $1;
        my $where = "$file:$.: includes $inc";

        if (defined(my $to = $home{$inc})) {
            (my $other = "$to/$inc") =~ s/\.h$//;
            $uses{$unit}{$other} = 1 if $other ne $unit;
            next if $to eq $dir || !exists $floor{$dir};
            push @breach, "$where of $to/" if $floor{$to} >= $floor{$dir};
            next;
        }
        if ($inc =~ m{(^|/)acme_[^/]*\.h$} || $inc =~ m{\.\./}) {
            push @unknown, "$where, which is no header of ours by that name";
            next;
        }
        for my $f (@foreign) {
            push @stray, "$where: $f->[0] does not belong there"
                if $inc =~ $f->[1] && $unit !~ $f->[2];
        }
    }
    close $fh;
}

# Circles: units that reach themselves.
sub path_back {
    my ($from) = @_;
    my @queue = ([$from]);
    my %seen;
    while (my $path = shift @queue) {
        for my $next (sort keys %{$uses{$path->[-1]} // {}}) {
            return join ' -> ', @$path, $next if $next eq $from;
            push @queue, [@$path, $next] unless $seen{$next}++;
        }
    }
    return undef;
}
my @circles = grep { defined } map { path_back($_) } sort keys %uses;

plan tests => 5;
sub none {
    my ($name, @wrong) = @_;
    ok(!@wrong, $name) or diag(join "\n", @wrong);
}
ok(@files > 0, 'there are files to look at');
none('every file is on a floor, every include of ours is known', @unknown);
none('no include against the floors', @breach);
none('no circle between units', @circles);
none('foreign libraries stay in their folders', @stray);
