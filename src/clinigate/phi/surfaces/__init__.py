"""What can be searched: files, archives, tables, databases, images, each as parts of bytes."""
