#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
#
# The rooms and who may use whom (t/lib/House.pm has the table): by includes
# and, where the module is built, by linked symbols, since a header that
# several units share can hide a circle from the includes. Each foreign library
# stays where it belongs.
use strict;
use warnings;
use Test::More;
use Cwd 'abs_path';

my $root = $ENV{srcdir} // '.';
my $build = abs_path($ENV{builddir} // '.');
chdir $root or BAIL_OUT("$root: $!");
require './t/lib/House.pm';
no warnings 'once';

# Folders, or single units, that may include a foreign header.
my @foreign = (
    ['OpenSSL', qr{^openssl/},  qr{^(crypto|httpd)/}],
    ['libcurl', qr{^curl/},     qr{^net/}],
    ['jansson', qr{^jansson},   qr{^base/acme_json(?:_writer)?$}],
    ['libpsl',  qr{^libpsl},    qr{^base/acme_domain$}],
    ['libidn2', qr{^idn2},      qr{^base/acme_idn$}],
    ['c-ares',  qr{^ares},      qr{^dns/}],
    ['ldns',    qr{^ldns/},     qr{^dns/}],
    ['httpd',
     qr{^(httpd|http_\w+|ap_\w+|mod_\w+|util_\w+|mpm_\w+|scoreboard|unixd|os)
        \.h$}x,                 qr{^httpd/}],
);

my %unit = House::units();
my %home;    # header name => unit
for my $unit (keys %unit) {
    for my $file (grep { /\.h$/ } @{$unit{$unit}}) {
        my ($name) = $file =~ m{([^/]+)$};
        BAIL_OUT("two headers are called $name") if $home{$name};
        $home{$name} = $unit;
    }
}

my (@unknown, @breach, @stray, @private, %includes);
for my $unit (sort keys %unit) {
    my ($room, $stem) = split m{/}, $unit;
    push @unknown, "$room/: no room has this name"
        unless $House::room{$room};
    for my $file (@{$unit{$unit}}) {
        open my $fh, '<', $file or BAIL_OUT("$file: $!");
        while (my $line = <$fh>) {
            next unless $line =~ /^\s*#\s*include\s*[<"]([^>"]+)[>"]/;
            my $inc = $1;
            my $where = "$file:$.: includes $inc";

            if (my $to = $home{$inc}) {
                my ($to_room) = split m{/}, $to;
                $includes{$unit}{$to} = 1 if $to ne $unit;
                push @breach, "$where of $to_room/, which $room/ may not use"
                    unless House::may_use($room, $to_room, 1);
                my ($owner) = $inc =~ /^(.*)_private\.h$/;
                push @private, "$where, which is for $owner*.c only"
                    if defined $owner && $stem !~ /^\Q$owner\E(_|$)/;
                next;
            }
            if ($inc =~ m{(^|/)acme_[^/]*\.h$} || $inc =~ m{\.\./}) {
                push @unknown, "$where, which is no header of ours";
                next;
            }
            for my $f (@foreign) {
                push @stray, "$where: $f->[0] does not belong there"
                    if $inc =~ $f->[1] && $unit !~ $f->[2];
            }
        }
        close $fh;
    }
}

# The same by symbols.
my %object = House::objects($build);
my (%def, %links, @link_breach);
for my $unit (grep { $unit{$_} } keys %object) {
    $def{$_} = $unit for keys %{$object{$unit}{T}};
}
for my $unit (sort grep { $unit{$_} } keys %object) {
    my ($room) = split m{/}, $unit;
    for my $symbol (sort keys %{$object{$unit}{U}}) {
        my $to = $def{$symbol} // next;
        # Whoever has a configuration asks httpd for it by the module's record.
        next if $to eq $unit || $symbol eq 'acme_module';
        my ($to_room) = split m{/}, $to;
        $links{$unit}{$to} = 1;
        push @link_breach, "mod_acme/$unit.c calls $symbol() of $to_room/, "
            . "which $room/ may not use" unless House::may_use($room, $to_room);
    }
}

my %in_room;
push @{$in_room{(split m{/})[0]}}, $_ for sort keys %unit;
my @size = map {
    my $n = scalar @{$in_room{$_}};
    $n > $House::MOST_UNITS || $n < $House::LEAST_UNITS
        ? "mod_acme/$_/ has $n units; a room has $House::LEAST_UNITS to "
          . "$House::MOST_UNITS" : ();
} grep { !$House::is_wide{$_} } sort keys %in_room;

sub none {
    my ($name, @wrong) = @_;
    ok(!@wrong, $name) or diag(join "\n", @wrong);
}
ok(%unit > 0, 'there are units to look at');
none('every file is in a room, every include of ours is known', @unknown);
none('no include that the table forbids', @breach);
none('no circle between units, by includes', House::circles(%includes));
none('foreign libraries stay in their rooms', @stray);
none('a private header is included by its own units only', @private);
none('a room is neither crowded nor empty', @size);
SKIP: {
    # make lint runs without a build.
    if (!grep { $unit{$_} } keys %object) {
        note('nothing is built: symbols are not looked at');
        last SKIP;
    }
    none('every unit is built', grep { !$object{$_} && -f "mod_acme/$_.c" }
                                sort keys %unit);
    none('no call that the table forbids', @link_breach);
    none('no circle between units, by symbols', House::circles(%links));
}
done_testing();
