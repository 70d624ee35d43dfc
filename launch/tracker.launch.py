# Copyright 2026 The siam_tracker_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The tracker: ``ros2 launch siam_tracker_ros tracker.launch.py image:=/camera/image_raw``."""

import os
from pathlib import Path

from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterValue

from launch import LaunchDescription

CONFIG = Path(__file__).resolve().parent.parent / 'config'
NAME = 'siam_tracker'
# Fast DDS 3 renamed the variable and warns of the old name.
PROFILES = (
    'FASTRTPS_DEFAULT_PROFILES_FILE'
    if os.environ.get('ROS_DISTRO') in ('humble', 'jazzy')
    else 'FASTDDS_DEFAULT_PROFILES_FILE'
)
BOOLEAN = ['true', 'false']


def generate_launch_description():
    """Describe the node, and RViz where it is wanted."""
    value = LaunchConfiguration
    arguments = [
        DeclareLaunchArgument(
            'autostart', default_value='true', choices=BOOLEAN,
            description='configure and activate the node; false leaves it to a lifecycle manager',
        ),
        DeclareLaunchArgument(
            'params_file', default_value=str(CONFIG / 'tracker.yaml'),
            description='YAML file with parameters',
        ),
        DeclareLaunchArgument(
            'namespace', default_value='', description='namespace; one for each camera'
        ),
        DeclareLaunchArgument(
            'use_sim_time', default_value='false', choices=BOOLEAN,
            description='take the time from /clock',
        ),
        DeclareLaunchArgument(
            'image', default_value='image',
            description='topic with the images; compressed ones come from IMAGE/compressed',
        ),
        DeclareLaunchArgument(
            'camera_info', default_value='camera_info',
            description='topic with the calibration of the camera: for bearings',
        ),
        DeclareLaunchArgument(
            'log_level', default_value='info',
            choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='least severe messages that are logged',
        ),
        DeclareLaunchArgument(
            'large_images', default_value='false', choices=BOOLEAN,
            description='use the Fast DDS profile for large images, as the camera driver must',
        ),
        DeclareLaunchArgument(
            'respawn', default_value='false', choices=BOOLEAN,
            description='start the node again where its process ends; see exit_on_gpu_fault',
        ),
        DeclareLaunchArgument(
            'rviz', default_value='false', choices=BOOLEAN, description='show the overlay in RViz'
        ),
    ]
    profile = SetEnvironmentVariable(
        PROFILES, str(CONFIG / 'fastdds_large_images.xml'),
        condition=IfCondition(value('large_images')),
    )
    tracker = LifecycleNode(
        package='siam_tracker_ros',
        executable='tracker_node',
        name=NAME,
        namespace=value('namespace'),
        parameters=[
            value('params_file'),
            {
                'autostart': ParameterValue(value('autostart'), value_type=bool),
                'use_sim_time': ParameterValue(value('use_sim_time'), value_type=bool),
            },
        ],
        remappings=[
            ('image', value('image')),
            ('image/compressed', [value('image'), '/compressed']),
            ('camera_info', value('camera_info')),
        ],
        arguments=['--ros-args', '--log-level', value('log_level')],
        output='screen',
        respawn=value('respawn'),
        respawn_delay=2.0,
    )
    overlay = f'{NAME}/debug/overlay'
    rviz = Node(
        package='rviz2',
        executable='rviz2',
        name='rviz',
        namespace=value('namespace'),
        arguments=['-d', str(CONFIG / 'tracker.rviz')],
        # The file knows the topic without a namespace only.
        remappings=[(f'/{overlay}', PathJoinSubstitution(['/', value('namespace'), overlay]))],
        parameters=[{'use_sim_time': ParameterValue(value('use_sim_time'), value_type=bool)}],
        condition=IfCondition(value('rviz')),
    )
    return LaunchDescription([*arguments, profile, tracker, rviz])
