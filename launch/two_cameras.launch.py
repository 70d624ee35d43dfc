# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A tracker for each camera of a robot: ``ros2 launch siam_tracker_ros two_cameras.launch.py``.

A namespace for each camera keeps all topics, services and parameters apart.
"""

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

# Namespace of each camera's driver: images come on /front/image_raw, and so on.
CAMERAS = ('front', 'rear')


def generate_launch_description():
    """Describe one tracker in each camera's namespace."""
    value = LaunchConfiguration
    share = FindPackageShare('siam_tracker_ros')
    arguments = [
        DeclareLaunchArgument(
            'params_file', default_value=PathJoinSubstitution([share, 'config', 'tracker.yaml']),
            description='YAML file with the parameters of all trackers',
        ),
    ]
    path = PathJoinSubstitution([share, 'launch', 'tracker.launch.py'])
    trackers = [
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(path),
            launch_arguments={
                'namespace': camera,
                'image': f'/{camera}/image_raw',
                'camera_info': f'/{camera}/camera_info',
                'params_file': value('params_file'),
            }.items(),
        )
        for camera in CAMERAS
    ]
    return LaunchDescription([*arguments, *trackers])
