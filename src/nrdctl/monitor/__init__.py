"""What containers use, watched live: readers of counters → samples → frames of rates → views of text.

Pure: sample, frame, figures, views, layout, sparkline. Reading the host and containerd: network, collector, discovery,
watch.
"""
