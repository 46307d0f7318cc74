#!/bin/sh
# Makes the spoken sounds of the service numbers: 8 kHz mono G.711 µ-law without a header.
# Needs espeak-ng and sox. The results are committed; run this only to change a wording.
set -eu
cd "$(dirname "$0")"

speak() { # file, text
    # The speech is trimmed of silence at both ends and brought to a telephone's loudness.
    espeak-ng -v en-us -s 150 --stdout "$2" |
        sox -t wav - -t raw -r 8000 -c 1 -e u-law "$1.ulaw" \
            silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse \
            norm -4 pad 0 0.06
}

speak sentence "This is the Offhook relay. If you can hear this sentence, your speaker works."
i=0
for word in zero one two three four five six seven eight nine star pound A B C D; do
    speak "key-$i" "$word"
    i=$((i + 1))
done
